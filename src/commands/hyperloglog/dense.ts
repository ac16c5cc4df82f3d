/** The dense form: 16384 registers of 6 bits, one behind the other, the lowest bits of a byte first. */

export const REGISTERS = 16384;
export const REGISTER_MAX = 63;
export const DENSE_BYTES = (REGISTERS * 6) / 8;

export function getRegister(bytes: Uint8Array, start: number, index: number): number {
  const bit = index * 6;
  const at = start + (bit >>> 3);
  const shift = bit & 7;
  // A register of the last two bits of a byte does not reach into the next, which for the last one is not there.
  if (shift <= 2) return (bytes[at]! >>> shift) & REGISTER_MAX;
  return ((bytes[at]! >>> shift) | (bytes[at + 1]! << (8 - shift))) & REGISTER_MAX;
}

export function setRegister(bytes: Uint8Array, start: number, index: number, value: number): void {
  const bit = index * 6;
  const at = start + (bit >>> 3);
  const shift = bit & 7;
  bytes[at] = (bytes[at]! & ~(REGISTER_MAX << shift)) | (value << shift);
  if (shift > 2) bytes[at + 1] = (bytes[at + 1]! & ~(REGISTER_MAX >>> (8 - shift))) | (value >>> (8 - shift));
}

/** Makes the register at least `value`; whether it was less. */
export function raiseRegister(bytes: Uint8Array, start: number, index: number, value: number): boolean {
  if (getRegister(bytes, start, index) >= value) return false;
  setRegister(bytes, start, index, value);
  return true;
}
