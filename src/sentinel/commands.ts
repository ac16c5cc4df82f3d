/** The commands of a Sentinel: SENTINEL with its subcommands, its own ROLE and PUBLISH, and its section of INFO. */
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import { type Call, type CommandRow, type Flag, family, type Handler, type RowDeclaration } from "../commands/call.ts";
import { docs, integer, multiple, optional, pattern, string, word } from "../commands/docs.ts";
import { replyHelp } from "../commands/help.ts";
import { HELLO_CHANNEL, wholeNumber } from "./codec.ts";
import { votesNeeded } from "./election.ts";
import { help } from "./help-texts.ts";
import type { Master } from "./instances.ts";
import { masterNamed, mastersLike, readOption } from "./orders.ts";
import type { Order } from "./protocol.ts";
import {
  writeFailovers,
  writeInfoCache,
  writeInstance,
  writeInstances,
  writeOptions,
  writePendingScripts,
  writeText,
  writeTimings,
} from "./replies.ts";
import { readSetChanges } from "./set-options.ts";
import { type Timings, timingNames } from "./settings.ts";
import type { SentinelShell } from "./shell.ts";
import { weaknesses } from "./topology.ts";

const err = (text: string) => new ReplyError("ERR", text);
const flags: Flag[] = ["admin", "sentinel", "only_sentinel"];
const name = string("primary-name");
const LEVELS = ["debug", "verbose", "notice", "warning", "nothing"];

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

function rest(args: Args): string[] {
  const words: string[] = [];
  while (args.more) words.push(args.next().latin1());
  return words;
}

/** They would end up in the configuration file, where a line break begins another directive. */
function refuseControls(command: string, words: readonly string[]): void {
  const isControl = (code: number) => code < 0x20 || code === 0x7f;
  for (const [i, text] of words.entries()) {
    if (![...text].some((c) => isControl(c.charCodeAt(0)))) continue;
    const at = i + (command === "MONITOR" ? 2 : 3);
    throw err(`Invalid argument at index ${at} for SENTINEL ${command}: control characters are not allowed`);
  }
}

function checkScript({ host, state }: SentinelShell, option: string, path: string): void {
  const isNotification = option.toLowerCase() === "notification-script";
  if (!isNotification && option.toLowerCase() !== "client-reconfig-script") return;
  if (state.options.denyScriptsReconfig || path === "" || host.isExecutable(path)) return;
  const what = isNotification ? "Notification" : "Client reconfiguration";
  throw err(`${what} script seems non existing or non executable`);
}

function checkQuorum({ reply }: Call, { state }: SentinelShell, master: Master): void {
  const voters = master.sentinels.size + 1;
  const usable = 1 + [...master.sentinels.values()].filter((peer) => !peer.sdown).length;
  const flaws: string[] = [];
  if (usable < master.quorum) {
    flaws.push("Not enough available Sentinels to reach the specified quorum for this master");
  }
  if (usable < Math.floor(voters / 2) + 1) {
    flaws.push("Not enough available Sentinels to reach the majority and authorize a failover");
  }
  if (flaws.length > 0) throw new ReplyError("NOQUORUM", `${usable} usable Sentinels. ${flaws.join(". ")}`);
  const ok = `OK ${usable} usable Sentinels. Quorum and failover authorization can be reached`;
  const others = weaknesses(state, master);
  const warnings = others.length > 0 ? `, but ${others.join("; and ")}` : "";
  reply.simple(ok + (usable >= votesNeeded(master) ? warnings : ""));
}

function configure(call: Call, args: Args, shell: SentinelShell, obey: (call: Call, order: Order) => void): void {
  const verb = args.next();
  const words = rest(args);
  if (verb.is("GET")) {
    writeOptions(call.reply, shell, words);
    return;
  }
  if (!verb.is("SET") || words.length < 2) {
    throw err(
      "Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> [<param> <value> ...] are supported.",
    );
  }
  refuseControls("CONFIG SET", words);
  const changes: [string, string][] = [];
  for (let i = 0; i < words.length; i += 2) {
    const option = words[i]!.toLowerCase();
    const value = words[i + 1];
    const isLevel = option === "loglevel";
    const read = isLevel ? undefined : readOption(option, value ?? "");
    if (!isLevel && read === undefined) throw err(`Invalid argument '${words[i]}' to SENTINEL CONFIG SET`);
    if (changes.some(([other]) => other === option))
      throw err(`Duplicate argument '${words[i]}' to SENTINEL CONFIG SET`);
    if (value === undefined) throw err(`Missing argument '${words[i]}' value`);
    if (isLevel ? !LEVELS.includes(value.toLowerCase()) : read === null) {
      throw err(`Invalid value '${value}' to SENTINEL CONFIG SET '${words[i]}'`);
    }
    changes.push([option, value]);
  }
  const level = changes.find(([option]) => option === "loglevel");
  if (level) shell.host.logLevel = level[1].toLowerCase();
  obey(call, { kind: "configure", changes: changes.filter(([option]) => option !== "loglevel") });
}

function simulate({ reply }: Call, args: Args, shell: SentinelShell): void {
  let [afterElection, afterPromotion] = [false, false];
  while (args.more) {
    if (args.take("CRASH-AFTER-ELECTION")) afterElection = true;
    else if (args.take("CRASH-AFTER-PROMOTION")) afterPromotion = true;
    else if (args.take("HELP")) {
      reply.array(2);
      reply.bulkText("crash-after-election");
      reply.bulkText("crash-after-promotion");
      return;
    } else throw err("Unknown failure simulation specified");
  }
  shell.order({ kind: "simulate", afterElection, afterPromotion });
  const { log } = shell.host;
  if (afterElection)
    log.warning("Failure simulation: this Sentinel will crash after being successfully elected as failover leader");
  if (afterPromotion)
    log.warning("Failure simulation: this Sentinel will crash after promoting the selected replica to master");
  reply.ok();
}

function debug({ reply }: Call, args: Args, shell: SentinelShell): void {
  if (!args.more) {
    writeTimings(reply, shell);
    return;
  }
  const changes: [keyof Timings, number][] = [];
  while (args.more) {
    const option = args.next().latin1();
    const row = timingNames.find(([known]) => known.toLowerCase() === option.toLowerCase());
    if (!row || !args.more) throw err(`Unknown option or number of arguments for SENTINEL DEBUG '${option}'`);
    const value = args.next().latin1();
    const ms = wholeNumber(value);
    if (!(ms > 0)) throw err(`Invalid argument '${value}' for SENTINEL DEBUG '${option}'`);
    changes.push([row[1], ms]);
  }
  shell.order({ kind: "debug", changes });
  reply.ok();
}

/** The lines of INFO's section "Sentinel". */
export function sentinelInfo({ state: s, scripts, now }: SentinelShell): string[] {
  const lines = [
    `sentinel_masters:${s.masters.size}`,
    `sentinel_tilt:${s.tilt ? 1 : 0}`,
    `sentinel_tilt_since_seconds:${s.tilt ? Math.floor((now - s.tiltStartedAt) / 1000) : -1}`,
    `sentinel_total_tilt:${s.totalTilt}`,
    `sentinel_running_scripts:${scripts.running}`,
    `sentinel_scripts_queue_length:${scripts.jobs.length}`,
    `sentinel_simulate_failure_flags:${(s.crashAfterElection ? 1 : 0) + (s.crashAfterPromotion ? 2 : 0)}`,
  ];
  let at = 0;
  for (const { name: masterName, address, odown, sdown, replicas, sentinels } of s.masters.values()) {
    const status = odown ? "odown" : sdown ? "sdown" : "ok";
    const where = `${s.announced(address)}:${address.port}`;
    const counts = `slaves=${replicas.size},sentinels=${sentinels.size + 1}`;
    lines.push(`master${at++}:name=${masterName},status=${status},address=${where},${counts}`);
  }
  return lines;
}
