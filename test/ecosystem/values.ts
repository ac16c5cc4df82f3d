/** A key that is no text in any encoding. */
export const BINARY_KEY = Buffer.from([0x6b, 0x3a, 0, 255, 13, 10, 0xc3, 0x28]);

/** 5 MB of every byte there is. */
export function bigValue(): Buffer {
  const value = Buffer.allocUnsafe(5_000_000);
  for (let i = 0; i < value.length; i++) value[i] = (i * 31) & 255;
  return value;
}
