/** Which words of a request others must not see: what MONITOR and SLOWLOG show in their place is `REDACTED`. */
import type { Args } from "../commands/args.ts";
import { Config } from "../config/config.ts";

export const REDACTED = "(redacted)";

/** Tells for each word of this request whether it is to be kept secret; null if none is. */
export function secretWords(args: Args): ((index: number) => boolean) | null {
  const name = args.at(0);
  if (name.is("AUTH")) return (index) => index > 0;
  if (name.is("HELLO")) return behindAuth(args);
  if (name.is("CONFIG") && args.count > 3 && args.at(1).is("SET"))
    return (index) => index >= 3 && index % 2 === 1 && Config.isSensitive(args.at(index - 1).latin1());
  return null;
}

/** HELLO protover AUTH user password: the two words behind AUTH. */
function behindAuth(args: Args): ((index: number) => boolean) | null {
  for (let i = 2; i < args.count; i++) if (args.at(i).is("AUTH")) return (index) => index === i + 1 || index === i + 2;
  return null;
}
