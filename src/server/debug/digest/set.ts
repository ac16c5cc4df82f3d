/** A set in a digest: the sum of its members, whose order does not matter. */
import { SetCursor } from "../../../engine/set/set-cursor.ts";
import { SetValue } from "../../../engine/set/set-value.ts";
import type { DigestRow } from "./rows.ts";

export const digestSet: DigestRow = (sum, { root }, store) => {
  const cursor = new SetCursor().start(new SetValue(store).position(root));
  while (cursor.next()) sum.add(cursor.member.view());
};
