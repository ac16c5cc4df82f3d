/** Streams in a digest: every entry in order, its ID and then fields and values; groups do not count. */
import { StreamId } from "../../../engine/stream/id.ts";
import { Stream } from "../../../engine/stream/stream.ts";
import type { DigestRow } from "./rows.ts";

export const digestStream: DigestRow = (sum, { root }, store) => {
  const cursor = new Stream(store).position(root).range(new StreamId(), new StreamId().setMax());
  while (cursor.next()) {
    sum.mixText(cursor.id.toString().replace("-", "."));
    for (let left = cursor.fields; left > 0; left--) {
      cursor.nextField();
      sum.mixSlice(cursor.field).mixSlice(cursor.value);
    }
  }
};
