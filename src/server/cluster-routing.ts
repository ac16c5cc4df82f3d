/** The gate of a cluster's node: whether a client's command may run here, by the slots of its keys. */
import type { Slice } from "../base/bytes.ts";
import { hashSlot } from "../base/hash-slot.ts";
import { parseInteger } from "../base/numbers.ts";
import { ReplyError } from "../base/reply-error.ts";
import { isOfOurShard, type Request, type RoutingSettings, refusalOf, refusalOfWaiting } from "../cluster/routing.ts";
import type { ClusterState } from "../cluster/state.ts";
import type { Args } from "../commands/args.ts";
import { type CommandRow, FlagBit } from "../commands/call.ts";
import { findKeys } from "../commands/key-specs.ts";
import type { Engine } from "../engine/engine.ts";
import type { Connection } from "./connection.ts";

/** What of a client matters here: see READONLY and ASKING. */
interface Choices {
  readonly: boolean;
  asking: boolean;
}

export class ClusterRouting {
  readonly #state: () => ClusterState;
  readonly #settings: RoutingSettings;
  readonly #engine: Engine;
  readonly #choices = new WeakMap<Connection, Choices>();

  constructor(state: () => ClusterState, settings: RoutingSettings, engine: Engine) {
    this.#state = state;
    this.#settings = settings;
    this.#engine = engine;
  }

  choicesOf(connection: Connection): Choices {
    let choices = this.#choices.get(connection);
    if (choices === undefined) this.#choices.set(connection, (choices = { readonly: false, asking: false }));
    return choices;
  }

  /** Why the command is not to run here, or null. */
  refusal(connection: Connection, row: CommandRow, args: Args): ReplyError | null {
    const choices = this.#choices.get(connection);
    const asking = (choices?.asking ?? false) || row.flags.includes("asking");
    const queued = connection.inMulti && !LEAVES_MULTI.has(row.name);
    // It is said of one command, or of one transaction.
    if (choices !== undefined && !queued && !KEEPS_ASKING.has(row.name)) choices.asking = false;
    const refused = this.#route(connection, row, args, asking, choices?.readonly ?? false);
    return refused ?? (queued ? null : this.refusalAnywhere(row, args));
  }

  /** Of what no node of a cluster does, whoever has the keys. Commands of a transaction are asked for when they are run. */
  refusalAnywhere(row: CommandRow, args: Args): ReplyError | null {
    return notInCluster(row, args, this.#engine.databases.length);
  }

  /** The client is as if it had just come (RESET). */
  forget(connection: Connection): void {
    this.#choices.delete(connection);
  }

  #route(connection: Connection, row: CommandRow, args: Args, asking: boolean, readonly: boolean): ReplyError | null {
    const gathered = new GatheredKeys();
    if (row.name === "exec") for (const queued of connection.transaction.queue) gathered.add(queued.row, queued.args);
    else gathered.add(row, args);
    if (gathered.slots.length === 0) return null;
    const bits = row.name === "exec" ? connection.transaction.bits : row.bits;
    const ofChannels = SHARDED.has(row.name);
    const request: Request = {
      slots: gathered.slots,
      severalKeys: gathered.several,
      present: () => (ofChannels ? gathered.keys.length : this.#present(gathered)),
      writes: (bits & FlagBit.write) !== 0,
      ofChannels,
      migrates: row.name === "migrate",
      asking,
      readonly,
      tls: connection.socket.tls ?? false,
    };
    return refusalOf(this.#state(), this.#settings, request);
  }

  #present({ keys }: GatheredKeys): number {
    const [db] = this.#engine.databases;
    return keys.reduce((count, [args, index]) => count + (db!.has(args.at(index)) ? 1 : 0), 0);
  }

  /** For a client that waits for keys: why it would not be served here any more, or null. */
  refusalOfWaiting(connection: Connection, row: CommandRow, args: Args): ReplyError | null {
    const gathered = new GatheredKeys();
    gathered.add(row, args);
    return refusalOfWaiting(this.#state(), this.#settings, {
      slots: gathered.slots,
      writes: (row.bits & FlagBit.write) !== 0,
      readonly: this.#choices.get(connection)?.readonly ?? false,
      tls: connection.socket.tls ?? false,
    });
  }

  /** Whether the channel's slot is our shard's. */
  servesChannel(channel: Slice): boolean {
    return isOfOurShard(this.#state(), hashSlot(channel));
  }
}

/** The keys of a command, or of all that a transaction has queued, and their slots. */
class GatheredKeys {
  readonly keys: [args: Args, index: number][] = [];
  readonly slots: number[] = [];
  several = false;

  add(row: CommandRow, args: Args): void {
    const indexes = SHARDED.has(row.name)
      ? channelsOf(row, args)
      : (findKeys(row, args) ?? []).map(({ index }) => index);
    for (const index of indexes) {
      const key = args.at(index);
      const [first] = this.keys;
      if (first !== undefined && !first[0].at(first[1]).equals(key)) this.several = true;
      this.keys.push([args, index]);
      this.slots.push(hashSlot(key));
    }
  }
}

const LEAVES_MULTI = new Set(["exec", "discard"]);
const KEEPS_ASKING = new Set(["asking", "multi"]);

/** Whose channels have slots, as keys have. */
const SHARDED = new Set(["spublish", "ssubscribe", "sunsubscribe"]);

function channelsOf(row: CommandRow, args: Args): number[] {
  const last = row.name === "spublish" ? 1 : args.count - 1;
  return Array.from({ length: last }, (_, i) => i + 1);
}

const err = (text: string) => new ReplyError("ERR", text);

/** What makes no sense where there is one database, and where the cluster says who follows whom. */
function notInCluster(row: CommandRow, args: Args, databases: number): ReplyError | null {
  switch (row.name) {
    case "select":
      return isOther(parseInteger(args.at(1))) ? err("SELECT is not allowed in cluster mode") : null;
    case "swapdb":
      return err("SWAPDB is not allowed in cluster mode");
    case "move":
      return err("MOVE is not allowed in cluster mode");
    case "copy":
      for (let i = 3; i + 1 < args.count; i++) {
        if (!args.at(i).is("DB")) continue;
        const number = parseInteger(args.at(i + 1));
        if (number > 0 && number < databases) return err("Copying to another database is not allowed in cluster mode");
      }
      return null;
    case "replicaof":
    case "slaveof":
      return err("REPLICAOF not allowed in cluster mode.");
    case "failover":
      return err("FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.");
    default:
      return null;
  }
}

/** A number, and not that of the only database. */
function isOther(number: number): boolean {
  return !Number.isNaN(number) && number !== 0;
}
