const LIMIT = [9, 2, 2, 3, 3, 7, 2, 0, 3, 6, 8, 5, 4, 7, 7, 5, 8, 0, 7];

/** Whether the bytes are the canonical text of a signed 64-bit integer: such a string has the encoding "int". */
export function isIntegerText(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > 20) return false;
  let first = bytes[start]!;
  let at = start;
  if (first === 0x2d) {
    if (length === 1) return false;
    first = bytes[++at]!;
    if (first === 48) return false;
  }
  if (first === 48) return length === 1;
  const digits = end - at;
  if (digits > 19) return false;
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < 48 || byte > 57) return false;
  }
  if (digits < 19) return true;
  for (let i = 0; i < 19; i++) {
    const difference = bytes[at + i]! - 48 - LIMIT[i]!;
    if (difference !== 0) return difference < 0 || (i === 18 && difference === 1 && at > start);
  }
  return true;
}
