/** What the system says of its errors, in the words in which C's programs repeat them. */
import { getSystemErrorMap } from "node:util";

/** Where Node's words are others than C's. */
const TEXTS: Readonly<Record<string, string>> = {
  EISDIR: "Is a directory",
  EADDRNOTAVAIL: "Cannot assign requested address",
  ENOTFOUND: "Name or service not known",
};

/** @param code  such as "ENOENT" */
export function systemErrorText(code: string): string {
  const known = TEXTS[code];
  if (known !== undefined) return known;
  for (const [name, text] of getSystemErrorMap().values())
    if (name === code) return text[0]!.toUpperCase() + text.slice(1);
  return code;
}

/** Of what a call of the system threw. */
export function systemText(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code === undefined ? message : systemErrorText(code);
}
