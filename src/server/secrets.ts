/**
 * Which words of a request others must not see: what MONITOR and SLOWLOG show in their place is `REDACTED`. Asked by the command's row,
 * since `rename-command` may call it anything.
 */
import type { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
import { Config } from "../config/config.ts";

export const REDACTED = "(redacted)";

/** Tells for each word of this request whether it is to be kept secret; null if none is. */
export function secretWords(row: CommandRow, args: Args): ((index: number) => boolean) | null {
  const find = SECRETS[row.name];
  if (find === undefined) return null;
  const secret = new Set<number>();
  find(args, secret);
  return (index) => secret.has(index);
}

type Find = (args: Args, secret: Set<number>) => void;

/** From that word on. */
function allFrom(first: number): Find {
  return (args, secret) => {
    for (let i = first; i < args.count; i++) secret.add(i);
  };
}

/** HELLO protover AUTH user password SETNAME name, in any order and number. */
function hello(args: Args, secret: Set<number>): void {
  for (let i = 2; i < args.count; i++) {
    if (args.at(i).is("SETNAME")) i++;
    else if (args.at(i).is("AUTH")) {
      secret.add(++i);
      secret.add(++i);
    }
  }
}

/** MIGRATE host port key db timeout ... AUTH password, or AUTH2 user password. */
function migrate(args: Args, secret: Set<number>): void {
  for (let i = 6; i < args.count && !args.at(i).is("KEYS"); i++) {
    const isUserToo = args.at(i).is("AUTH2");
    if (!isUserToo && !args.at(i).is("AUTH")) continue;
    secret.add(++i);
    if (isUserToo) secret.add(++i);
  }
}

/** No directive has a longer name. */
const LONGEST_NAME = 64;

function configSet(args: Args, secret: Set<number>): void {
  for (let i = 2; i < args.count; i += 2) if (Config.isSensitive(args.at(i).quotable(LONGEST_NAME))) secret.add(i + 1);
}

/** SENTINEL SET name auth-pass password ..., SENTINEL CONFIG SET sentinel-pass password. */
function sentinelPass(args: Args, secret: Set<number>): void {
  for (let i = 3; i < args.count; i++)
    if (args.at(i).is("AUTH-PASS") || args.at(i).is("SENTINEL-PASS")) secret.add(++i);
}

const SECRETS: Readonly<Record<string, Find>> = {
  auth: allFrom(1),
  hello,
  migrate,
  "acl|setuser": allFrom(2),
  "acl|getuser": allFrom(2),
  "acl|deluser": allFrom(2),
  "config|set": configSet,
  "sentinel|set": sentinelPass,
  "sentinel|config": sentinelPass,
};
