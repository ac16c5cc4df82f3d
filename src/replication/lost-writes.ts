/**
 * The lost-writes file: commands that this server took and that the history it is about to follow lacks. They are written in
 * the form of an AOF, so that they can be read, and played into a server by `redis-cli --pipe`, by a person who knows what to
 * do with them.
 */

import type { Backlog } from "./backlog.ts";
import { encodeCommand } from "./codec.ts";
import { visitCommands } from "./stream-commands.ts";

export interface LostWrites {
  /** How many commands changed data. */
  readonly commands: number;
  readonly bytes: Uint8Array;
  /** False if the backlog no longer held the first of them, or where they begin could not be told. */
  readonly complete: boolean;
}

/** What keeps the link alive, and frames. */
const NO_WRITES = new Set(["ping", "replconf", "select", "multi", "exec", "publish", "spublish"]);

export function lostWritesName(replid: string, from: number, to: number): string {
  return `lost-writes-${replid}-${from}-${to}.aof`;
}

/** The commands of the backlog from byte `from` of the stream on; null if none of them changed data. */
export function collectLostWrites(backlog: Backlog, from: number): LostWrites | null {
  const mark = backlog.markBefore(Math.max(from, backlog.first)) ?? backlog.markAfter(from);
  if (mark === undefined) return null;
  const stream = backlog.copyFrom(mark.offset);
  const kept: Uint8Array[] = [];
  let commands = 0;
  let db = mark.db;
  let selected = -1;
  visitCommands(stream, 0, stream.length, (command) => {
    if (command.name === "select") db = Number(Buffer.from(command.first).toString("latin1"));
    // A command that only ends behind the branch was not whole before it.
    if (mark.offset + command.end <= from) return;
    if (command.name === "ping" || command.name === "replconf" || command.name === "select") return;
    if (db >= 0 && db !== selected) {
      selected = db;
      kept.push(encodeCommand(["SELECT", String(db)]));
    }
    kept.push(stream.subarray(command.start, command.end));
    if (!NO_WRITES.has(command.name)) commands++;
  });
  if (commands === 0) return null;
  return { commands, bytes: Buffer.concat(kept), complete: mark.offset <= from };
}
