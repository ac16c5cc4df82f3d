import type { Call } from "./call.ts";

/** What a container's HELP answers: pairs of a subcommand with its arguments, and what it does. */
export function replyHelp(
  { reply }: Call,
  container: string,
  subcommands: readonly (readonly [string, string])[],
): void {
  reply.array(3 + subcommands.length * 2);
  reply.simple(`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (const [usage, meaning] of subcommands) {
    reply.simple(usage);
    reply.simple(`    ${meaning}`);
  }
  reply.simple("HELP");
  reply.simple("    Print this help.");
}
