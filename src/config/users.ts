/**
 * `user` lines of a file. Users and rules (ACL) are not built yet, but CONFIG REWRITE of any Redis leaves a line for the
 * default user behind; one that gives it no more and no less than `requirepass` does can be obeyed, any other is refused.
 */
import { createHash } from "node:crypto";
import { badLine, type Line } from "./line.ts";

/** Rules under which the default user may do everything, as it may here. */
const UNRESTRICTED = new Set([
  "on",
  "sanitize-payload",
  "skip-sanitize-payload",
  "~*",
  "allkeys",
  "&*",
  "allchannels",
  "+@all",
  "allcommands",
]);

/**
 * @param password  the value of `requirepass`
 * @throws ConfigFileError  for a line that asks for more than can be done
 */
export function checkUsers(lines: readonly Line[], password: string): void {
  for (const line of lines) {
    const [, name, ...rules] = line.words;
    const refusal = name === "default" ? refuse(rules, password) : "users other than 'default' are not supported yet";
    if (refusal !== undefined) throw badLine(line, `Error in user declaration '${name}': ${refusal}`);
  }
}

function refuse(rules: readonly string[], password: string): string | undefined {
  for (const rule of rules) {
    if (UNRESTRICTED.has(rule.toLowerCase())) continue;
    const fits =
      rule.toLowerCase() === "nopass"
        ? password === ""
        : (rule.startsWith("#") && rule.slice(1).toLowerCase() === sha256(password)) || rule === `>${password}`;
    if (!fits) return `'${rule}' is not supported yet, or does not agree with requirepass`;
  }
  return undefined;
}

/** @param text  one character a byte */
function sha256(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}

/** The line that CONFIG REWRITE writes for the default user. */
export function defaultUserLine(password: string): string {
  const secret = password === "" ? "nopass" : `#${sha256(password)}`;
  return `user default on ${secret} ~* &* +@all`;
}
