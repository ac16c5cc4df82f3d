/** Which words of a request others must not see: what MONITOR and SLOWLOG show in their place is `REDACTED`. */
import type { Args } from "../commands/args.ts";
import { Config } from "../config/config.ts";

export const REDACTED = "(redacted)";

/** Tells for each word of this request whether it is to be kept secret; null if none is. */
export function secretWords(args: Args): ((index: number) => boolean) | null {
  const name = args.at(0);
  if (name.is("AUTH")) return (index) => index > 0;
  if (name.is("HELLO")) return behindAuth(args);
  if (name.is("ACL") && args.count > 2 && args.at(1).is("SETUSER")) return (index) => index > 1;
  if (name.is("MIGRATE")) return behindMigrateAuth(args);
  if (name.is("SENTINEL")) return behindAuthPass(args);
  if (name.is("CONFIG") && args.count > 3 && args.at(1).is("SET"))
    return (index) => index >= 3 && index % 2 === 1 && Config.isSensitive(args.at(index - 1).latin1());
  return null;
}

/** MIGRATE host port key db timeout ... AUTH password, or AUTH2 user password. */
function behindMigrateAuth(args: Args): ((index: number) => boolean) | null {
  for (let i = 6; i < args.count; i++) {
    if (args.at(i).is("KEYS")) return null;
    if (args.at(i).is("AUTH")) return (index) => index === i + 1;
    if (args.at(i).is("AUTH2")) return (index) => index === i + 1 || index === i + 2;
  }
  return null;
}

/** SENTINEL SET name auth-pass password ..., SENTINEL CONFIG SET sentinel-pass password. */
function behindAuthPass(args: Args): ((index: number) => boolean) | null {
  const isPass = (index: number) => args.at(index).is("AUTH-PASS") || args.at(index).is("SENTINEL-PASS");
  return (index) => index > 3 && isPass(index - 1);
}

/** HELLO protover AUTH user password: the two words behind AUTH. */
function behindAuth(args: Args): ((index: number) => boolean) | null {
  for (let i = 2; i < args.count; i++) if (args.at(i).is("AUTH")) return (index) => index === i + 1 || index === i + 2;
  return null;
}
