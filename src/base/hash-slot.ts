import type { Slice } from "./bytes.ts";
import { crc16 } from "./crc16.ts";

export const SLOTS = 16384;

/** The slots of the `index`th of `count` nodes that share them all, as redis-cli does: the first and the last. */
export function slotShare(index: number, count: number): [first: number, last: number] {
  return [Math.round((index * SLOTS) / count), Math.round(((index + 1) * SLOTS) / count) - 1];
}

const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * The cluster slot of a key. If the key holds `{tag}` with something between its first "{" and the first "}" after that,
 * the tag alone counts: so a client can keep keys together.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function hashSlot(key: Slice): number {
  const { bytes, start, end } = key;
  let open = start;
  while (open < end && bytes[open] !== OPEN) open++;
  let close = open + 1;
  while (close < end && bytes[close] !== CLOSE) close++;
  const tagged = close < end && close > open + 1;
  return (tagged ? crc16(bytes, open + 1, close) : crc16(bytes, start, end)) & (SLOTS - 1);
}
