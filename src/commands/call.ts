/**
 * What a command's handler is given, and how its row in the table looks. A family file (`strings.ts`, `keys.ts`, ...)
 * is rows first, handlers below; `table.ts` gathers the families. A handler is synchronous and runs to completion.
 */
import type { Slice } from "../base/bytes.ts";
import { errors } from "../base/reply-error.ts";
import type { Database } from "../engine/database.ts";
import type { Engine } from "../engine/engine.ts";
import type { TypeName } from "../engine/entry.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Args } from "./args.ts";
import type { Session } from "./session.ts";

/** One command being run. There is one object a server, used again for every command: do not keep it. */
export interface Call {
  readonly engine: Engine;
  /** The database the client selected. */
  readonly db: Database;
  readonly session: Session;
  /** Where the answer goes. */
  readonly reply: ReplyWriter;
  readonly row: CommandRow;
  /** Unix time in ms, the same for the whole command (and the whole of an EXEC). */
  readonly now: number;

  /**
   * The one door for writes: says that `key` changed. Marks those who WATCH it, sends the keyspace event, counts `count`
   * changes; 0 means that nothing happened and does nothing. Null for the few changes that have no event.
   */
  changed(key: Slice, event: KeyEvent | null, count?: number, db?: Database): void;
  /** The keyspace event alone, for commands that cause several: a second effect of one change. */
  notify(key: Slice, event: KeyEvent, db?: Database): void;
  /** For changes that are not of one key, such as FLUSHALL and SWAPDB: `watched` tells whose watchers are to be marked. */
  changedMany(count: number, watched: "all" | readonly number[]): void;
  /**
   * What goes to the AOF and the replicas in the place of the client's own words; call it once a command that they are
   * to run. Without it a command that changed something travels as it came.
   */
  outcome(words: readonly OutcomeWord[], db?: Database): void;
  /** Nothing goes to the AOF and the replicas. */
  noOutcome(): void;
  /** It goes to the AOF and the replicas as it came, though nothing changed here (PUBLISH, ...). */
  forceOutcome(): void;
  /**
   * Nothing can be answered yet: the client waits, and the command is run again, from its beginning, when one of the keys may
   * serve it. The handler returns after it without a reply. Not where `session.denyBlocking` is set. The words are kept as
   * they stand when the handler returns, so one that must not be read anew (XREAD's "$") can be replaced in `args` before.
   */
  block(wait: KeyWait): void;
  /** Whether this request may read whatever key it comes to, named or not: all keys are its user's to read. */
  mayReadAnyKey(args: Args): boolean;
  /**
   * Lets those who wait for the key look at it again, where nothing changed to those who WATCH it: a group that they read with
   * is gone. `changed` does this by itself.
   */
  wake(key: Slice, event: KeyEvent): void;
}

/** What a client waits for. */
export interface KeyWait {
  /** Lent; one that is named twice counts once. */
  readonly keys: readonly Slice[];
  /** A key of another type does not wake it. */
  readonly type: TypeName;
  /** 0 for as long as it takes; counts from the first try. When it is over the answer is a nil array, as in Redis. */
  readonly timeoutMs: number;
  /** A key that goes, or becomes something else, wakes it as well, so that it can answer the error (XREADGROUP). */
  readonly onMissing?: boolean;
}

export type OutcomeWord = string | number | Slice | Uint8Array;

/** As Redis names the letters of `notify-keyspace-events`. */
export type EventClass = "g" | "$" | "l" | "s" | "h" | "z" | "x" | "e" | "t" | "d" | "m" | "n";

/** Events are declared once, by `event(class, name)`, so that naming one costs nothing when nobody listens. */
export interface KeyEvent {
  readonly class: EventClass;
  readonly name: string;
}

export function event(eventClass: EventClass, name: string): KeyEvent {
  return { class: eventClass, name };
}

export type Handler = (call: Call, args: Args) => void;

/** The words of COMMAND INFO. */
export type Flag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "asking"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "no_mandatory_keys"
  | "allow_busy"
  | "no_async_loading"
  | "no_multi"
  | "movablekeys"
  | "protected"
  | "sentinel"
  | "only_sentinel";

export interface CommandRow {
  /** Its number in its table, by which bitmaps of rights are indexed; given by the table, -1 before. */
  readonly id: number;
  /** Lower case; `container|subcommand` for a subcommand. Filled in by `family`. */
  readonly name: string;
  readonly family: string;
  /** Counts the name; negative is "at least". */
  readonly arity: number;
  readonly flags: readonly Flag[];
  /** Where the keys stand; empty for none. */
  readonly keys: readonly KeySpec[];
  /** Categories beyond those that family and flags imply. */
  readonly acl: readonly string[];
  readonly run: Handler;
  readonly subcommands?: ReadonlyMap<string, CommandRow>;
  /** COMMAND DOCS: since, one-line summary in our own words, complexity, arguments. */
  readonly docs: CommandDocs;
  /** COMMAND INFO's tips. */
  readonly tips: readonly string[];
  /** The flags the dispatcher asks for at every command, as bits (see FlagBit). */
  readonly bits: number;
  /** Too short to be timed one by one (all `fast` ones are that cannot wait): takes its share of the time of its run. */
  readonly quick: boolean;
  readonly isSubcommand: boolean;
  readonly stats: CommandStats;
}

/** Per command, for INFO commandstats, latencystats and LATENCY HISTOGRAM. */
export interface CommandStats {
  calls: number;
  micros: number;
  rejected: number;
  failed: number;
  /** Counts by power of two of microseconds. */
  histogram: Float64Array;
}

/** What a family file writes; `family` derives the rest. */
export interface RowDeclaration {
  arity: number;
  flags: readonly Flag[];
  keys?: readonly KeySpec[];
  acl?: readonly string[];
  tips?: readonly string[];
  run?: Handler;
  docs?: CommandDocs;
  quick?: boolean;
  subcommands?: Record<string, RowDeclaration>;
}

export interface CommandDocs {
  readonly since?: string;
  readonly summary?: string;
  readonly complexity?: string;
  /** The group COMMAND DOCS shows, where it is not the family's. */
  readonly group?: string;
  /** Of a command that others replace. */
  /** For servers and those who look after them, not for applications. */
  readonly internal?: true;
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  readonly arguments?: readonly ArgumentDocs[];
}

export interface ArgumentDocs {
  readonly name: string;
  readonly type: string;
  readonly token?: string;
  readonly since?: string;
  readonly flags?: readonly ("optional" | "multiple" | "multiple_token")[];
  readonly keySpecIndex?: number;
  readonly arguments?: readonly ArgumentDocs[];
}

/** What a command does with a key: RO, RW, OW, RM and the rest, as in COMMAND INFO. */
export type KeyFlag =
  | "RO"
  | "RW"
  | "OW"
  | "RM"
  | "access"
  | "update"
  | "insert"
  | "delete"
  | "not_key"
  | "incomplete"
  | "variable_flags";

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly begin: { readonly index: number } | { readonly keyword: string; readonly startFrom: number } | "unknown";
  readonly find:
    | { readonly lastKey: number; readonly step: number; readonly limit: number }
    | { readonly keyNumIndex: number; readonly firstKey: number; readonly step: number }
    | "unknown";
  readonly notes?: string;
}

/** One key, the argument at `index` (the name is 0). */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec[] {
  return [{ flags, begin: { index }, find: { lastKey: 0, step: 1, limit: 0 } }];
}

/** All arguments from `index` on, or every `step`th of them. */
export function keysFrom(index: number, flags: readonly KeyFlag[], step = 1): KeySpec[] {
  return [{ flags, begin: { index }, find: { lastKey: -1, step, limit: 0 } }];
}

/** `numkeys` at `index`, then that many keys. */
export function keysCountedAt(index: number, ...flags: KeyFlag[]): KeySpec[] {
  return [{ flags, begin: { index }, find: { keyNumIndex: 0, firstKey: 1, step: 1 } }];
}

/** The flags that dispatch looks at for every command, one bit each, so that the usual command passes in one test. */
export const FlagBit = {
  write: 1,
  denyoom: 2,
  loading: 4,
  stale: 8,
  no_auth: 16,
  no_multi: 32,
  skip_monitor: 64,
  skip_slowlog: 128,
  may_replicate: 256,
  admin: 512,
  blocking: 1024,
  pubsub: 2048,
  allow_busy: 4096,
  noscript: 8192,
  fast: 16384,
  readonly: 32768,
  protected: 65536,
} as const;

export function flagBits(flags: readonly Flag[]): number {
  let bits = 0;
  for (const flag of flags) bits |= (FlagBit as Partial<Record<Flag, number>>)[flag] ?? 0;
  return bits;
}

/** Makes rows of declarations. Names are given in upper case, as documentation writes them. */
export function family(name: string, rows: Record<string, RowDeclaration>): CommandRow[] {
  return Object.entries(rows).map(([command, declaration]) => row(name, command.toLowerCase(), declaration));
}

function row(familyName: string, name: string, declaration: RowDeclaration): CommandRow {
  const subcommands = declaration.subcommands
    ? new Map(
        Object.entries(declaration.subcommands).map(([sub, below]) => [
          sub.toLowerCase(),
          row(familyName, `${name}|${sub.toLowerCase()}`, below),
        ]),
      )
    : undefined;
  return {
    id: -1,
    name,
    family: familyName,
    arity: declaration.arity,
    flags: declaration.flags,
    keys: declaration.keys ?? [],
    acl: declaration.acl ?? [],
    tips: declaration.tips ?? [],
    run: declaration.run ?? noSubcommand,
    subcommands,
    docs: declaration.docs ?? {},
    bits: flagBits(declaration.flags),
    quick: declaration.quick ?? (declaration.flags.includes("fast") && !declaration.flags.includes("blocking")),
    isSubcommand: name.includes("|"),
    stats: { calls: 0, micros: 0, rejected: 0, failed: 0, histogram: new Float64Array(32) },
  };
}

/** A container's own handler: reached only when no subcommand has that name, which dispatch has refused already. */
function noSubcommand(call: Call, args: Args): void {
  throw errors.unknownSubcommand(args.at(1).quotable(), call.row.name);
}
