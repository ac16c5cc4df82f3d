/** HELP of a container command: the same frame for all, as redis-cli shows it. */
import type { Call, Flag, RowDeclaration } from "../../commands/call.ts";

/** What a subcommand takes, and what it does: lines of text. */
export type HelpEntry = readonly [usage: string, ...text: string[]];

export function writeHelp(reply: Call["reply"], command: string, entries: readonly HelpEntry[]): void {
  const lines = [`${command.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const [usage, ...text] of [...entries, ["HELP", "Shows this text."] as const])
    lines.push(usage, ...text.map((line) => `    ${line}`));
  reply.array(lines.length);
  for (const line of lines) reply.simple(line);
}

/** The row of the subcommand HELP. */
export function helpRow(
  command: string,
  since: string,
  entries: readonly HelpEntry[],
  flags: readonly Flag[] = ["loading", "stale"],
): RowDeclaration {
  return {
    arity: 2,
    flags,
    docs: { since, summary: `Shows what ${command.toUpperCase()} can do.`, complexity: "O(1)" },
    run: ({ reply }) => writeHelp(reply, command, entries),
  };
}
