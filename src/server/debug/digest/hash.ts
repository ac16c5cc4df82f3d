/** A hash in a digest: the sum of its pairs, whose order does not matter, each with a word if it expires. */
import { HashValue } from "../../../engine/hash/hash-value.ts";
import type { DigestRow } from "./rows.ts";
import { Digest } from "./sum.ts";

const EXPIRES = Buffer.from("!!hexpire!!");

export const digestHash: DigestRow = (sum, { root }, store) => {
  const pair = new Digest();
  const hash = new HashValue(store).position(root);
  for (let more = hash.first(); more; more = hash.next()) {
    pair.clear().mixSlice(hash.field()).mixSlice(hash.value());
    if (hash.expireAt() !== 0) pair.add(EXPIRES);
    sum.add(pair.bytes);
  }
};
