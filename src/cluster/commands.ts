/** CLUSTER, ASKING, READONLY and READWRITE: rows first, handlers below. They are made for one node of a cluster. */
import type { Slice } from "../base/bytes.ts";
import { hashSlot, SLOTS } from "../base/hash-slot.ts";
import { isIpAddress } from "../base/ip-address.ts";
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import { type Call, type CommandRow, type Flag, family, type Handler, type RowDeclaration } from "../commands/call.ts";
import { block, docs, integer, multiple, oneOf, optional, string, word } from "../commands/docs.ts";
import { replyHelp } from "../commands/help.ts";
import type { Session } from "../commands/session.ts";
import { type MigrationCommands, migrationRows } from "./commands-of-migration.ts";
import { reportsOf } from "./failure.ts";
import { help } from "./help-texts.ts";
import {
  bumpEpoch,
  changeSlots,
  checkFailover,
  checkSlot,
  clusterErrors,
  flushSlots,
  forget,
  meet,
  replicate,
  reset,
  type SlotMove,
  setConfigEpoch,
  setSlot,
} from "./orders.ts";
import type { RoutingSettings } from "./routing.ts";
import type { ClusterShell } from "./shell.ts";
import type { ClusterState } from "./state.ts";
import { infoText, nodesText, type View, writeLinks, writeReplicas, writeShards, writeSlots } from "./views.ts";

/** What the commands need of the node and of the server around it. */
export interface ClusterNodeParts {
  readonly shell: ClusterShell;
  readonly routing: RoutingSettings;
  isTls(session: Session): boolean;
  /** How many keys of the slot there are to be seen: none while it is being taken in, or removed. */
  shownKeys(slot: number): number;
  /** The names of at most `count` of them. */
  keysIn(slot: number, count: number): Slice[];
  /** The client's next command may be about a slot that is being taken in. */
  ask(session: Session): void;
  /** Whether the client's reads are served from a replica's data. */
  setReadonly(session: Session, on: boolean): void;
  readonly migrations: MigrationCommands;
}

const err = (text: string) => new ReplyError("ERR", text);

const DISABLED = err("This instance has cluster support disabled");

const texts = {
  invalidSlot: err("Invalid slot"),
  invalidCount: err("Invalid slot or number of keys"),
  invalidMove: err("Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP"),
  invalidBasePort: (port: string) => err(`Invalid TCP base port specified: ${port}`),
  invalidBusPort: (port: string) => err(`Invalid TCP bus port specified: ${port}`),
  invalidAddress: (host: string, port: string) => err(`Invalid node address specified: ${host}:${port}`),
  notSaved: (why: string) => err(`Error saving the cluster node config: ${why}`),
  rangeBackwards: (from: number, to: number) => err(`start slot number ${from} is greater than end slot number ${to}`),
};

const CHANGES: readonly Flag[] = ["admin", "stale", "no_async_loading"];
const SHOWS: readonly Flag[] = ["stale"];
const COUNTS: readonly Flag[] = ["admin", "stale"];
const VARIES = ["nondeterministic_output"];

/** In a server that is no node of a cluster they say so. */
export function clusterCommands(node: ClusterNodeParts | null): CommandRow[] {
  const handler = (run: (node: ClusterNodeParts, call: Call, args: Args) => void): Handler => {
    if (node === null) {
      return () => {
        throw DISABLED;
      };
    }
    return (call, args) => run(node, call, args);
  };
  const slot = integer("slot");
  const nodeId = string("node-id");
  const range = block("range", null, integer("start-slot"), integer("end-slot"));
  const subcommands: Record<string, RowDeclaration> = {
    ...migrationRows((run) => handler(({ migrations }, call, args) => run(migrations, call, args))),
    ADDSLOTS: {
      arity: -3,
      flags: CHANGES,
      run: handler((n, call, args) => ordered(n, call, (s) => changeSlots(s, readSlots(args), true))),
      docs: docs("3.0.0", "O(N) with N the number of slots", "Takes slots that nobody owns.", multiple(slot)),
    },
    ADDSLOTSRANGE: {
      arity: -4,
      flags: CHANGES,
      run: handler((n, call, args) => ordered(n, call, (s) => changeSlots(s, readRanges(s, call, args, true), true))),
      docs: docs(
        "7.0.0",
        "O(N) with N the number of slots",
        "Takes ranges of slots that nobody owns.",
        multiple(range),
      ),
    },
    BUMPEPOCH: {
      arity: 2,
      flags: CHANGES,
      tips: VARIES,
      run: handler(({ shell }, { reply }) => {
        let bumped = false;
        shell.change((s) => {
          bumped = bumpEpoch(s);
        });
        reply.simple(`${bumped ? "BUMPED" : "STILL"} ${shell.state.myself.configEpoch}`);
      }),
      docs: docs("3.0.0", "O(1)", "Gives the node the highest config epoch."),
    },
    "COUNT-FAILURE-REPORTS": {
      arity: 3,
      flags: COUNTS,
      tips: VARIES,
      run: handler(({ shell: { state } }, { reply }, args) => reply.integer(reportsOf(state, nodeNamed(state, args)))),
      docs: docs("3.0.0", "O(N) with N the number of reports", "Counts the nodes that cannot reach a node.", nodeId),
    },
    COUNTKEYSINSLOT: {
      arity: 3,
      flags: SHOWS,
      run: handler(({ shownKeys }, { reply }, args) => {
        const wanted = args.integer();
        if (wanted < 0 || wanted >= SLOTS) throw texts.invalidSlot;
        reply.integer(shownKeys(wanted));
      }),
      docs: docs("3.0.0", "O(log N) with N the number of keys", "Counts the keys of a slot.", slot),
    },
    DELSLOTS: {
      arity: -3,
      flags: CHANGES,
      run: handler((n, call, args) => ordered(n, call, (s) => changeSlots(s, readSlots(args), false))),
      docs: docs(
        "3.0.0",
        "O(N) with N the number of slots",
        "Leaves slots without an owner, for this node.",
        multiple(slot),
      ),
    },
    DELSLOTSRANGE: {
      arity: -4,
      flags: CHANGES,
      run: handler((n, call, args) => ordered(n, call, (s) => changeSlots(s, readRanges(s, call, args, false), false))),
      docs: docs(
        "7.0.0",
        "O(N) with N the number of slots",
        "Leaves ranges of slots without an owner, for this node.",
        multiple(range),
      ),
    },
    FAILOVER: {
      arity: -2,
      flags: CHANGES,
      run: handler(failover),
      docs: docs(
        "3.0.0",
        "O(1)",
        "Has a replica take its primary's place.",
        optional(oneOf("options", word("FORCE"), word("TAKEOVER"))),
      ),
    },
    FLUSHSLOTS: {
      arity: 2,
      flags: CHANGES,
      run: handler((n, call) => ordered(n, call, flushSlots)),
      docs: docs("3.0.0", "O(1)", "Gives up all slots of an empty node."),
    },
    FORGET: {
      arity: 3,
      flags: CHANGES,
      run: handler((n, call, args) => ordered(n, call, (s) => forget(s, args.at(2).latin1()))),
      docs: docs("3.0.0", "O(1)", "Removes a node from those that this one knows.", nodeId),
    },
    GETKEYSINSLOT: {
      arity: 4,
      flags: SHOWS,
      tips: VARIES,
      run: handler(getKeysInSlot),
      docs: docs("3.0.0", "O(N) with N the number of keys asked for", "Names keys of a slot.", slot, integer("count")),
    },
    HELP: {
      arity: 2,
      flags: ["loading", "stale"],
      run: handler((_, call) => replyHelp(call, "CLUSTER", help)),
      docs: docs("5.0.0", "O(1)", "Lists the subcommands."),
    },
    INFO: {
      arity: 2,
      flags: SHOWS,
      tips: VARIES,
      run: handler(({ shell }, { reply }) => reply.verbatim(infoText(shell.state, shell.overflows))),
      docs: docs("3.0.0", "O(1)", "Tells how the cluster is, as this node sees it."),
    },
    KEYSLOT: {
      arity: 3,
      flags: SHOWS,
      run: handler((_, { reply }, args) => reply.integer(hashSlot(args.at(2)))),
      docs: docs("3.0.0", "O(N) with N the length of the key", "Names the slot of a key.", string("key")),
    },
    LINKS: {
      arity: 2,
      flags: SHOWS,
      tips: VARIES,
      run: handler(({ shell }, { reply }) => writeLinks(shell.state, shell.links, reply)),
      docs: docs("7.0.0", "O(N) with N the number of nodes", "Lists the connections of the cluster bus."),
    },
    MEET: {
      arity: -4,
      flags: CHANGES,
      run: handler(meetNode),
      docs: docs(
        "3.0.0",
        "O(1)",
        "Acquaints this node with another.",
        string("ip"),
        integer("port"),
        optional(integer("cluster-bus-port")),
      ),
    },
    MYID: {
      arity: 2,
      flags: SHOWS,
      run: handler(({ shell }, { reply }) => reply.bulkText(shell.state.myself.id)),
      docs: docs("3.0.0", "O(1)", "Names this node."),
    },
    MYSHARDID: {
      arity: 2,
      flags: SHOWS,
      run: handler(({ shell: { state } }, { reply }) => reply.bulkText(state.shardOf(state.myself))),
      docs: docs("7.2.0", "O(1)", "Names the shard of this node."),
    },
    NODES: {
      arity: 2,
      flags: SHOWS,
      tips: VARIES,
      run: handler(({ shell }, { reply }) => reply.verbatim(nodesText(shell.state))),
      docs: docs("3.0.0", "O(N) with N the number of nodes", "Lists the nodes as this one sees them."),
    },
    REPLICAS: {
      arity: 3,
      flags: COUNTS,
      tips: VARIES,
      run: handler(replicas),
      docs: docs("5.0.0", "O(N) with N the number of replicas", "Lists the replicas of a primary.", nodeId),
    },
    REPLICATE: {
      arity: 3,
      flags: CHANGES,
      run: handler((n, call, args) => ordered(n, call, (s) => replicate(s, args.at(2).latin1()))),
      docs: docs("3.0.0", "O(1)", "Makes this node the replica of a primary.", nodeId),
    },
    RESET: {
      arity: -2,
      flags: ["admin", "noscript", "stale"],
      run: handler((n, call, args) => {
        const hard = args.more && !args.at(2).is("SOFT");
        if (args.count > 3) throw errors.subcommandSyntax("RESET", "cluster");
        if (hard && !args.at(2).is("HARD")) throw errors.syntax;
        ordered(n, call, (s) => reset(s, hard));
      }),
      docs: docs(
        "3.0.0",
        "O(N) with N the number of nodes",
        "Makes this node forget the cluster.",
        optional(oneOf("reset-type", word("HARD"), word("SOFT"))),
      ),
    },
    SAVECONFIG: {
      arity: 2,
      flags: CHANGES,
      run: handler(({ shell }, { reply }) => {
        try {
          shell.saveNow();
        } catch (error) {
          throw texts.notSaved((error as Error).message);
        }
        reply.ok();
      }),
      docs: docs("3.0.0", "O(1)", "Writes the node's configuration file."),
    },
    "SET-CONFIG-EPOCH": {
      arity: 3,
      flags: CHANGES,
      run: handler((n, call, args) => {
        const epoch = args.integer();
        ordered(n, call, (s) => setConfigEpoch(s, epoch));
      }),
      docs: docs("3.0.0", "O(1)", "Gives a new node its first config epoch.", integer("config-epoch")),
    },
    SETSLOT: {
      arity: -4,
      flags: CHANGES,
      run: handler(moveSlot),
      docs: docs(
        "3.0.0",
        "O(1)",
        "Says that a slot moves, to or from whom, or whose it is.",
        slot,
        oneOf(
          "subcommand",
          string("importing", "IMPORTING"),
          string("migrating", "MIGRATING"),
          string("node", "NODE"),
          word("STABLE"),
        ),
      ),
    },
    SHARDS: {
      arity: 2,
      flags: SHOWS,
      tips: VARIES,
      run: handler((n, call) => writeShards(viewOf(n, call), call.reply)),
      docs: docs("7.0.0", "O(N) with N the number of nodes", "Lists the shards: their slots and nodes."),
    },
    SLAVES: {
      arity: 3,
      flags: COUNTS,
      tips: VARIES,
      run: handler(replicas),
      docs: docs("3.0.0", "O(N) with N the number of replicas", "CLUSTER REPLICAS by its former name.", nodeId),
    },
    SLOTS: {
      arity: 2,
      flags: SHOWS,
      tips: VARIES,
      run: handler((n, call) => writeSlots(viewOf(n, call), call.reply)),
      docs: docs("3.0.0", "O(N) with N the number of nodes", "Lists ranges of slots and who serves them."),
    },
  };
  const connection = (run: (node: ClusterNodeParts, session: Session) => void): Handler =>
    handler((n, { session, reply }) => {
      run(n, session);
      reply.ok();
    });
  return family("cluster", {
    CLUSTER: {
      arity: -2,
      flags: [],
      subcommands,
      docs: docs("3.0.0", "Depends on the subcommand.", "Commands of Redis Cluster."),
    },
    ASKING: {
      arity: 1,
      flags: ["fast"],
      acl: ["connection"],
      run: connection((n, session) => n.ask(session)),
      docs: docs("3.0.0", "O(1)", "Says that the next command follows an -ASK redirection."),
    },
    READONLY: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      acl: ["connection"],
      run: connection((n, session) => n.setReadonly(session, true)),
      docs: docs("3.0.0", "O(1)", "Lets a replica answer this client's reads."),
    },
    READWRITE: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      acl: ["connection"],
      run: connection((n, session) => n.setReadonly(session, false)),
      docs: docs("3.0.0", "O(1)", "Ends READONLY."),
    },
  });
}

/** Carries it out, if it can be; OK. */
function ordered({ shell }: ClusterNodeParts, { reply }: Call, order: (s: ClusterState) => void): void {
  shell.change(order);
  reply.ok();
}

function viewOf(node: ClusterNodeParts, call: Call): View {
  return { s: node.shell.state, settings: node.routing, tls: node.isTls(call.session) };
}

function readSlot(text: Slice): number {
  const slot = parseInteger(text);
  if (Number.isNaN(slot) || slot < 0 || slot >= SLOTS) throw clusterErrors.invalidSlot;
  return slot;
}

function readSlots(args: Args): number[] {
  const slots: number[] = [];
  while (args.more) slots.push(readSlot(args.next()));
  return slots;
}

/** Each range is held against what there is before the next is read. */
function readRanges(s: ClusterState, call: Call, args: Args, add: boolean): number[] {
  if (args.left % 2 === 1) throw errors.wrongArgCount(call.row.name);
  const slots: number[] = [];
  const seen = new Set<number>();
  while (args.more) {
    const from = readSlot(args.next());
    const to = readSlot(args.next());
    if (from > to) throw texts.rangeBackwards(from, to);
    for (let slot = from; slot <= to; slot++) {
      checkSlot(s, slot, add, seen);
      slots.push(slot);
    }
  }
  return slots;
}

function nodeNamed(s: ClusterState, args: Args) {
  const id = args.at(2).latin1();
  const node = s.node(id);
  if (node === null) throw clusterErrors.unknownNode(id);
  return node;
}

function replicas({ shell: { state } }: ClusterNodeParts, { reply }: Call, args: Args): void {
  const node = nodeNamed(state, args);
  if (node.isReplica) throw err("The specified node is not a master");
  writeReplicas(state, node, reply);
}

function getKeysInSlot({ keysIn }: ClusterNodeParts, { reply }: Call, args: Args): void {
  const slot = args.integer();
  const count = args.integer();
  if (slot < 0 || slot >= SLOTS || count < 0) throw texts.invalidCount;
  const keys = keysIn(slot, count);
  reply.array(keys.length);
  for (const name of keys) reply.bulk(name);
}

function meetNode(node: ClusterNodeParts, call: Call, args: Args): void {
  if (args.count > 5) throw errors.subcommandSyntax("MEET", "cluster");
  const [host, portText] = [args.at(2).latin1(), args.at(3)];
  const port = parseInteger(portText);
  if (Number.isNaN(port)) throw texts.invalidBasePort(portText.latin1());
  let busPort = port + 10_000;
  if (args.count === 5) {
    busPort = parseInteger(args.at(4));
    if (Number.isNaN(busPort)) throw texts.invalidBusPort(args.at(4).latin1());
  }
  const isPort = (number: number) => number > 0 && number <= 65_535;
  // Nodes know each other by numbers; a name could mean another host tomorrow.
  if (!isIpAddress(host) || !isPort(port) || !isPort(busPort)) throw texts.invalidAddress(host, portText.latin1());
  ordered(node, call, (s) => meet(s, host, port, busPort));
}

function failover(node: ClusterNodeParts, { reply }: Call, args: Args): void {
  let how: "" | "force" | "takeover" = "";
  if (args.more) {
    if (args.at(2).is("FORCE")) how = "force";
    else if (args.at(2).is("TAKEOVER")) how = "takeover";
    else throw errors.syntax;
    if (args.count > 3) throw errors.subcommandSyntax("FAILOVER", "cluster");
  }
  checkFailover(node.shell.state, how);
  node.shell.failover(how);
  reply.ok();
}

function moveSlot(node: ClusterNodeParts, call: Call, args: Args): void {
  if (node.shell.state.myself.isReplica) throw err("Please use SETSLOT only with masters.");
  const slot = readSlot(args.at(2));
  const move = readMove(args);
  // Another's slot is what that one tells by itself, and what arrives by hand lies in no file yet: a reshard would have every
  // node write its own several times a slot.
  const { myself } = node.shell.state;
  const learnt = move.kind === "importing" || (move.kind === "node" && move.id !== myself.id);
  node.shell.change((s) => setSlot(s, slot, move), learnt);
  call.reply.ok();
}

function readMove(args: Args): SlotMove {
  const what = args.at(3);
  if (what.is("STABLE") && args.count === 4) return { kind: "stable" };
  if (args.count !== 5) throw texts.invalidMove;
  const id = args.at(4).latin1();
  if (what.is("MIGRATING")) return { kind: "migrating", id };
  if (what.is("IMPORTING")) return { kind: "importing", id };
  if (what.is("NODE")) return { kind: "node", id };
  throw texts.invalidMove;
}
