/** Ziplists as Redis before 7.0 wrote them, for tests of those who read them. */

/** Integers are kept as such; strings as strings, even those of digits. */
export function ziplist(values: readonly (string | number | bigint)[]): Buffer {
  const parts: Buffer[] = [Buffer.alloc(10)];
  let previous = 0;
  let size = 10;
  let last = 10;
  for (const value of values) {
    const body = typeof value === "string" ? stringEntry(Buffer.from(value, "latin1")) : integerEntry(BigInt(value));
    const entry = Buffer.concat([previousLength(previous), body]);
    parts.push(entry);
    last = size;
    previous = entry.length;
    size += entry.length;
  }
  parts.push(Buffer.from([0xff]));
  const bytes = Buffer.concat(parts);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(last, 4);
  bytes.writeUInt16LE(values.length, 8);
  return bytes;
}

function previousLength(length: number): Buffer {
  if (length < 254) return Buffer.from([length]);
  const bytes = Buffer.alloc(5, 0xfe);
  bytes.writeUInt32LE(length, 1);
  return bytes;
}

function stringEntry(text: Buffer): Buffer {
  const { length } = text;
  if (length < 64) return Buffer.concat([Buffer.from([length]), text]);
  if (length < 16384) return Buffer.concat([Buffer.from([0x40 | (length >> 8), length & 0xff]), text]);
  const header = Buffer.alloc(5, 0x80);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, text]);
}

function integerEntry(value: bigint): Buffer {
  if (value >= 0n && value <= 12n) return Buffer.from([0xf1 + Number(value)]);
  for (const [bytes, first] of [
    [1, 0xfe],
    [2, 0xc0],
    [3, 0xf0],
    [4, 0xd0],
    [8, 0xe0],
  ] as const) {
    if (BigInt.asIntN(bytes * 8, value) !== value) continue;
    const entry = Buffer.alloc(9, first);
    entry.writeBigInt64LE(value, 1);
    return entry.subarray(0, bytes + 1);
  }
  throw new Error(`${value} is no 64-bit integer`);
}
