/** Passwords are known by their SHA-256 alone: what a user was given is forgotten at once. */
import { createHash, timingSafeEqual } from "node:crypto";

const HASH = /^[0-9a-f]{64}$/;

/** The hash of a password, as the rule `#hash` writes it. */
export function hashPassword(password: Uint8Array): string {
  return createHash("sha256").update(password).digest("hex");
}

export function isPasswordHash(text: string): boolean {
  return HASH.test(text);
}

/** Whether the password is one of those; the time it takes tells only how many there are. */
export function isOneOf(password: Uint8Array, hashes: readonly string[]): boolean {
  const given = Buffer.from(hashPassword(password), "latin1");
  let found = false;
  for (const hash of hashes) if (timingSafeEqual(given, Buffer.from(hash, "latin1"))) found = true;
  return found;
}
