/** One line of CLUSTER NODES: what the node that was asked knows of one node. Pure. */
import { SLOTS } from "../base/hash-slot.ts";

export interface NodeLine {
  readonly id: string;
  /** "" where the node that was asked does not know: of itself, before it has met anybody. */
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
  readonly flags: ReadonlySet<string>;
  /** The primary that it follows. */
  readonly primaryId: string | null;
  readonly epoch: number;
  readonly slots: readonly number[];
  /** Slots on their way out, each with the node it goes to; only said of itself. */
  readonly migrating: ReadonlyMap<number, string>;
  /** Slots on their way in, each with the node it comes from; only said of itself. */
  readonly importing: ReadonlyMap<number, string>;
}

/** @throws Error  if it is no answer to CLUSTER NODES */
export function parseNodes(text: string): NodeLine[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map(parseNodeLine);
}

export function parseNodeLine(line: string): NodeLine {
  const [id, address, flags, primaryId, , , epoch, , ...slots] = line.trim().split(" ");
  if (id === undefined || address === undefined || flags === undefined || epoch === undefined) {
    throw new Error(`this is no line of CLUSTER NODES: ${line.slice(0, 100)}`);
  }
  return {
    id,
    ...parseAddress(address),
    flags: new Set(flags.split(",")),
    primaryId: primaryId === "-" ? null : primaryId!,
    epoch: Number(epoch),
    ...parseSlotWords(slots),
  };
}

/** `ip:port@busPort,hostname,...`; an IPv6 address stands there without brackets. */
function parseAddress(word: string): { host: string; port: number; busPort: number } {
  const [where, bus] = word.split(",", 1)[0]!.split("@");
  const colon = where!.lastIndexOf(":");
  const port = Number(where!.slice(colon + 1));
  return { host: where!.slice(0, colon), port, busPort: bus === undefined ? port + 10_000 : Number(bus) };
}

/** `0-5460`, `7`, `[93->-id]` for one that leaves, `[93-<-id]` for one that comes. */
function parseSlotWords(words: readonly string[]): Pick<NodeLine, "slots" | "migrating" | "importing"> {
  const slots: number[] = [];
  const migrating = new Map<number, string>();
  const importing = new Map<number, string>();
  for (const word of words) {
    const open = /^\[(\d+)-([<>])-(\w+)\]$/.exec(word);
    const range = /^(\d+)(?:-(\d+))?$/.exec(word);
    if (open !== null) (open[2] === ">" ? migrating : importing).set(Number(open[1]), open[3]!);
    else if (range !== null) {
      const last = Math.min(Number(range[2] ?? range[1]), SLOTS - 1);
      for (let slot = Number(range[1]); slot <= last; slot++) slots.push(slot);
    }
  }
  return { slots, migrating, importing };
}
