import { Slice } from "../base/bytes.ts";
import { parseInteger } from "../base/numbers.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Call } from "./call.ts";

const HASH = 0x23;
const badOffset = new ReplyError("ERR", "bit offset is not an integer or out of range");
const behindHash = new Slice();

/**
 * Where a bit stands in a string, which must not become longer than strings may.
 * @param fieldBits  for BITFIELD: `#n` means the nth field of so many bits
 */
export function parseBitOffset(call: Call, text: Slice, fieldBits = 0): number {
  const counted = fieldBits > 0 && text.length > 0 && text.bytes[text.start] === HASH;
  const number = counted ? behindHash.set(text.bytes, text.start + 1, text.end) : text;
  const offset = parseInteger(number) * (counted ? fieldBits : 1);
  if (!(offset >= 0) || offset > Number.MAX_SAFE_INTEGER) throw badOffset;
  if (Math.floor(offset / 8) >= call.engine.policy.protoMaxBulkLen && !call.session.fromPrimary) throw badOffset;
  return offset;
}
