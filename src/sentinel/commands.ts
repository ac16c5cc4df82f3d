/** The commands of a Sentinel: SENTINEL with its subcommands, and its own ROLE and PUBLISH. */
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import { type Call, type CommandRow, type Flag, family, type Handler, type RowDeclaration } from "../commands/call.ts";
import { docs, integer, multiple, optional, pattern, string, word } from "../commands/docs.ts";
import { replyHelp } from "../commands/help.ts";
import { HELLO_CHANNEL } from "./codec.ts";
import { checkQuorum, checkScript, configure, debug, refuseControls, rest, simulate } from "./command-handlers.ts";
import { help } from "./help-texts.ts";
import { masterNamed, mastersLike } from "./orders.ts";
import type { Order } from "./protocol.ts";
import {
  writeFailovers,
  writeInfoCache,
  writeInstance,
  writeInstances,
  writePendingScripts,
  writeText,
} from "./replies.ts";
import { readSetChanges } from "./set-options.ts";
import type { SentinelShell } from "./shell.ts";

const err = (text: string) => new ReplyError("ERR", text);
const flags: Flag[] = ["admin", "sentinel", "only_sentinel"];
const name = string("primary-name");

export function sentinelCommands(shell: SentinelShell): CommandRow[] {
  const { state } = shell;
  const named = (args: Args) => masterNamed(state, args.next().latin1());

  /** Does it, and says whether what changed is on disk. */
  const obey = (call: Call, order: Order) => {
    if (!shell.order(order).saved) throw err("Failed to save config file. Check server logs.");
    call.reply.ok();
  };

  const masters: RowDeclaration = {
    arity: 2,
    flags,
    docs: docs("2.8.4", "O(N)", "Shows all monitored masters and their state."),
    run: ({ reply }) => writeInstances(reply, shell, state.masters.values()),
  };
  const master: RowDeclaration = {
    arity: 3,
    flags,
    docs: docs("2.8.4", "O(1)", "Shows the state of one master.", name),
    run: ({ reply }, args) => writeInstance(reply, shell, named(args)),
  };
  const replicas: RowDeclaration = {
    arity: 3,
    flags,
    docs: docs("5.0.0", "O(N)", "Shows the replicas of a master and their state.", name),
    run: ({ reply }, args) => writeInstances(reply, shell, named(args).replicas.values()),
  };
  const address: RowDeclaration = {
    arity: 3,
    flags,
    docs: docs("2.8.4", "O(1)", "Says where the master of that name is.", name),
    run: ({ reply }, args) => {
      const found = state.masters.get(args.next().latin1());
      if (!found) return reply.nilArray();
      reply.array(2);
      writeText(reply, state.announced(found.address));
      reply.bulkInteger(found.address.port);
    },
  };
  const isDown: RowDeclaration = {
    arity: 6,
    flags,
    docs: docs(
      "2.8.4",
      "O(1)",
      "Asks another Sentinel whether a master is down for it, and for its vote.",
      string("ip"),
      integer("port"),
      integer("current-epoch"),
      string("runid"),
    ),
    run: ({ reply }, args) => {
      const host = args.next().latin1();
      const [port, epoch] = [args.integer(), args.integer()];
      const runid = args.next().latin1();
      const { answer } = shell.order({ kind: "ask", host, port, epoch, runid: runid === "*" ? null : runid });
      reply.array(3);
      reply.integer(answer?.down ? 1 : 0);
      writeText(reply, answer?.leader ?? "*");
      reply.integer(answer?.epoch ?? 0);
    },
  };

  const subcommands: Record<string, RowDeclaration> = {
    MASTERS: masters,
    PRIMARIES: masters,
    MASTER: master,
    PRIMARY: master,
    REPLICAS: replicas,
    SLAVES: replicas,
    SENTINELS: {
      arity: 3,
      flags,
      docs: docs("2.8.4", "O(N)", "Shows the other Sentinels of a master.", name),
      run: ({ reply }, args) => writeInstances(reply, shell, named(args).sentinels.values()),
    },
    "GET-MASTER-ADDR-BY-NAME": address,
    "GET-PRIMARY-ADDR-BY-NAME": address,
    "IS-MASTER-DOWN-BY-ADDR": isDown,
    "IS-PRIMARY-DOWN-BY-ADDR": isDown,
    MYID: {
      arity: 2,
      flags,
      docs: docs("6.2.0", "O(1)", "Says the id of this Sentinel."),
      run: ({ reply }) => writeText(reply, state.myid),
    },
    CKQUORUM: {
      arity: 3,
      flags,
      docs: docs("2.8.4", "O(N)", "Checks whether a failover could be agreed on and authorized.", name),
      run: (call, args) => checkQuorum(call, shell, named(args)),
    },
    FAILOVER: {
      arity: -3,
      flags,
      docs: docs("2.8.4", "O(1)", "Moves a master to a replica now.", name, optional(word("COORDINATED"))),
      run: (call, args) => {
        const target = args.next().latin1();
        // Valkey's word: here a primary that can hand over always does.
        if (args.more && !args.take("COORDINATED")) throw err("Unknown failover option specified");
        args.end();
        shell.order({ kind: "failover", name: target });
        call.reply.ok();
      },
    },
    FAILOVERS: {
      arity: -2,
      flags,
      docs: docs("7.2.4", "O(N)", "Shows what happened in the latest failovers.", optional(name)),
      run: ({ reply }, args) => {
        const chosen = args.more ? [named(args)] : [...state.masters.values()];
        args.end();
        writeFailovers(reply, shell, chosen);
      },
    },
    RESET: {
      arity: 3,
      flags,
      docs: docs("2.8.4", "O(N)", "Forgets what was learned about the masters that match.", pattern("pattern")),
      run: ({ reply }, args) => {
        const glob = args.next().latin1();
        const count = mastersLike(state, glob).length;
        shell.order({ kind: "reset", pattern: glob });
        reply.integer(count);
      },
    },
    MONITOR: {
      arity: 6,
      flags,
      docs: docs(
        "2.8.4",
        "O(1)",
        "Begins to watch a master.",
        string("name"),
        string("ip"),
        integer("port"),
        integer("quorum"),
      ),
      run: (call, args) => {
        const [masterName, host] = [args.next().latin1(), args.next().latin1()];
        refuseControls("MONITOR", [masterName, host]);
        const port = args.integer(err("Invalid port"));
        const quorum = args.integer(err("Invalid quorum"));
        obey(call, { kind: "monitor", name: masterName, host, port, quorum });
      },
    },
    REMOVE: {
      arity: 3,
      flags,
      docs: docs("2.8.4", "O(1)", "Watches a master no longer.", name),
      run: (call, args) => obey(call, { kind: "remove", name: args.next().latin1() }),
    },
    SET: {
      arity: -5,
      flags,
      docs: docs(
        "2.8.4",
        "O(1)",
        "Changes settings of a master.",
        name,
        multiple(string("option")),
        multiple(string("value")),
      ),
      run: (call, args) => {
        const target = named(args);
        const words = rest(args);
        refuseControls("SET", words);
        const changes = readSetChanges(words);
        for (const { option, values } of changes) checkScript(shell, option, values[0]!);
        obey(call, { kind: "set", name: target.name, changes });
      },
    },
    CONFIG: {
      arity: -4,
      flags,
      docs: docs("6.2.0", "O(N)", "Shows or changes settings of this Sentinel.", multiple(string("argument"))),
      run: (call, args) => configure(call, args, shell, obey),
    },
    FLUSHCONFIG: {
      arity: 2,
      flags,
      docs: docs("2.8.4", "O(N)", "Writes the configuration file anew, with the state."),
      run: (call) => obey(call, { kind: "flush" }),
    },
    "INFO-CACHE": {
      arity: -2,
      flags,
      docs: docs("3.2.0", "O(N)", "Shows INFO of masters and replicas as last seen.", multiple(optional(name))),
      run: ({ reply }, args) => {
        const names = rest(args);
        const all = [...state.masters.values()];
        writeInfoCache(reply, shell, names.length === 0 ? all : all.filter((one) => names.includes(one.name)));
      },
    },
    "PENDING-SCRIPTS": {
      arity: 2,
      flags,
      docs: docs("2.8.4", "O(N)", "Shows the scripts that run or wait."),
      run: ({ reply }) => writePendingScripts(reply, shell),
    },
    "SIMULATE-FAILURE": {
      arity: -3,
      flags,
      docs: docs(
        "3.2.0",
        "O(1)",
        "Ends this Sentinel at a chosen point of a failover.",
        multiple(optional(string("mode"))),
      ),
      run: (call, args) => simulate(call, args, shell),
    },
    DEBUG: {
      arity: -2,
      flags,
      docs: docs(
        "7.0.0",
        "O(N)",
        "Shows or changes the periods that a Sentinel works by.",
        multiple(optional(string("argument"))),
      ),
      run: (call, args) => debug(call, args, shell),
    },
    HELP: {
      arity: 2,
      flags: ["loading", "stale", "sentinel", "only_sentinel"],
      docs: docs("6.2.0", "O(1)", "Shows what SENTINEL can do."),
      run: (call) => replyHelp(call, "SENTINEL", help),
    },
  };

  return family("sentinel", {
    SENTINEL: {
      arity: -2,
      flags,
      docs: docs("2.8.4", "Depends on subcommand.", "A container for Sentinel commands."),
      subcommands,
    },
    ROLE: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "sentinel"],
      acl: ["admin", "dangerous"],
      docs: docs("2.8.12", "O(N)", "Says that this is a Sentinel, and which masters it watches."),
      run: ({ reply }) => {
        reply.array(2);
        reply.bulkText("sentinel");
        reply.array(state.masters.size);
        for (const one of state.masters.values()) writeText(reply, one.name);
      },
    },
    PUBLISH: {
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate", "sentinel"],
      docs: docs("2.0.0", "O(1)", "Takes the hello of another Sentinel.", string("channel"), string("message")),
      run: publish(shell),
    },
  });
}

function publish(shell: SentinelShell): Handler {
  return ({ reply }, args) => {
    if (args.next().latin1() !== HELLO_CHANNEL) throw err("Only HELLO messages are accepted by Sentinel instances.");
    shell.hello(args.next().latin1());
    reply.integer(1);
  };
}
