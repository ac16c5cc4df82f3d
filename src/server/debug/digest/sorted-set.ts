/** A sorted set in a digest: the sum of its members with their scores, whose order does not matter. */
import { formatDouble17 } from "../../../base/doubles.ts";
import type { DigestRow } from "./rows.ts";
import { Digest } from "./sum.ts";

export const digestSortedSet: DigestRow = (sum, { root }, store) => {
  const pair = new Digest();
  const value = store.sortedSets.value().position(root);
  for (let more = value.at(0); more; more = value.next())
    sum.add(pair.clear().mixSlice(value.member).mixText(formatDouble17(value.score)).bytes);
};
