/**
 * The lines `sentinel ...` of the configuration file: what an operator configured and, in the same place, what a Sentinel must
 * not forget: its id, the epochs, its votes, and who belongs to each master.
 */
import { quoteWord } from "../base/words.ts";
import { sameAddress } from "./address.ts";
import { wholeNumber } from "./codec.ts";
import type { Master } from "./instances.ts";
import { defaultOptions } from "./settings.ts";
import type { State } from "./state.ts";

/** One line of the file; `words` begins with "sentinel". */
export interface ConfigLine {
  readonly number: number;
  readonly text: string;
  readonly words: readonly string[];
}

/** A line that cannot be; `message` is Redis' reason. */
export class BadLine extends Error {
  constructor(
    readonly line: ConfigLine,
    reason: string,
  ) {
    super(reason);
  }
}

export interface LoadOptions {
  readonly isExecutable: (path: string) => boolean;
}

class Refusal extends Error {}

/** These have to be known before the masters, and the masters before what is said of them; the file may have any order. */
const FIRST = new Set([
  "announce-ip",
  "announce-port",
  "deny-scripts-reconfig",
  "sentinel-user",
  "sentinel-pass",
  "current-epoch",
  "myid",
  "resolve-hostnames",
  "announce-hostnames",
]);

/** @throws BadLine */
export function loadConfig(s: State, lines: readonly ConfigLine[], options: LoadOptions): void {
  const turn = ({ words }: ConfigLine) => {
    const name = (words[1] ?? "").toLowerCase();
    return FIRST.has(name) ? 0 : name === "monitor" ? 1 : 2;
  };
  for (const now of [0, 1, 2]) {
    for (const line of lines) {
      if (turn(line) !== now) continue;
      try {
        loadLine(s, line.words.slice(1), options);
      } catch (error) {
        if (error instanceof Refusal) throw new BadLine(line, error.message);
        throw error;
      }
    }
  }
}

function loadLine(s: State, words: readonly string[], options: LoadOptions): void {
  const name = (words[0] ?? "").toLowerCase();
  const global = globals[name];
  if (global && words.length === 2) {
    global(s, words[1]!);
    return;
  }
  if (name === "monitor" && words.length === 5) {
    loadMonitor(s, words);
    return;
  }
  const row = ofMaster[name];
  if (!row?.lengths.includes(words.length - 2)) throw new Refusal("Unrecognized sentinel configuration statement.");
  const master = s.masters.get(words[1]!);
  if (!master) throw new Refusal("No such master with specified name.");
  row.load(s, master, words.slice(2), options);
}

const globals: Record<string, (s: State, value: string) => void> = {
  myid: (s, value) => {
    if (value.length !== 40) throw new Refusal("Malformed Sentinel id in myid option.");
    s.myid = value;
  },
  "current-epoch": (s, value) => {
    s.currentEpoch = Math.max(s.currentEpoch, epoch(value));
  },
  "announce-ip": (s, value) => {
    s.options.announceIp = value;
  },
  "announce-port": (s, value) => {
    s.options.announcePort = port(value);
  },
  "deny-scripts-reconfig": (s, value) => {
    s.options.denyScriptsReconfig = yesNo(value, "Please specify yes or no for the deny-scripts-reconfig options.");
  },
  "sentinel-user": (s, value) => {
    s.options.sentinelUser = value;
  },
  "sentinel-pass": (s, value) => {
    s.options.sentinelPass = value;
  },
  "resolve-hostnames": (s, value) => {
    s.options.resolveHostnames = yesNo(value, "Please specify yes or no for the resolve-hostnames option.");
  },
  "announce-hostnames": (s, value) => {
    s.options.announceHostnames = yesNo(value, "Please specify yes or no for the announce-hostnames option.");
  },
};

interface MasterRow {
  /** How many words may follow the master's name. */
  readonly lengths: readonly number[];
  readonly load: (s: State, master: Master, values: readonly string[], options: LoadOptions) => void;
}

const one = (load: (master: Master, value: string, options: LoadOptions, s: State) => void): MasterRow => ({
  lengths: [1],
  load: (s, master, [value], options) => load(master, value!, options, s),
});

const ofMaster: Record<string, MasterRow> = {
  "down-after-milliseconds": one((master, value) => {
    master.downAfterMs = positive(value);
  }),
  "failover-timeout": one((master, value) => {
    master.failoverTimeoutMs = positive(value);
  }),
  "parallel-syncs": one((master, value) => {
    master.parallelSyncs = number(value, "Invalid parallel-syncs.");
  }),
  "notification-script": one((master, value, { isExecutable }) => {
    if (!isExecutable(value)) throw new Refusal("Notification script seems non existing or non executable.");
    master.notificationScript = value;
  }),
  "client-reconfig-script": one((master, value, { isExecutable }) => {
    if (!isExecutable(value)) throw new Refusal("Client reconfiguration script seems non existing or non executable.");
    master.clientReconfigScript = value;
  }),
  "auth-pass": one((master, value) => {
    master.authPass = value;
  }),
  "auth-user": one((master, value) => {
    master.authUser = value;
  }),
  "config-epoch": one((master, value, _, s) => {
    master.configEpoch = epoch(value);
    s.currentEpoch = Math.max(s.currentEpoch, master.configEpoch);
  }),
  "leader-epoch": one((master, value) => {
    master.leaderEpoch = epoch(value);
  }),
  "master-reboot-down-after-period": one((master, value) => {
    master.rebootDownAfterMs = number(value, "negative time parameter.");
  }),
  "rename-command": {
    lengths: [2],
    load: (_, master, [command, renamed]) => {
      if (master.renamed.has(command!.toLowerCase())) {
        throw new Refusal("Same command renamed multiple times with rename-command.");
      }
      master.renamed.set(command!.toLowerCase(), renamed!);
    },
  },
  "known-replica": { lengths: [2], load: loadReplica },
  "known-sentinel": {
    lengths: [2, 3],
    load: (s, master, [host, portText, runid]) => {
      // Without a run id it is a line of the first Sentinels, and says nothing.
      if (runid === undefined) return;
      if (master.sentinels.has(runid)) throw new Refusal("Duplicate runid for sentinel.");
      s.newPeer(master, runid, address(s, host!, portText!));
    },
  },
};
ofMaster["known-slave"] = ofMaster["known-replica"]!;
ofMaster["primary-reboot-down-after-period"] = ofMaster["master-reboot-down-after-period"]!;

function loadMonitor(s: State, [, name, host, portText, quorumText]: readonly string[]): void {
  const quorum = wholeNumber(quorumText!);
  if (!(quorum > 0)) throw new Refusal("Quorum must be 1 or greater.");
  const at = address(s, host!, portText!);
  if (s.masters.has(name!)) throw new Refusal("Duplicate master name.");
  s.newMaster(name!, at, quorum);
}

function loadReplica(s: State, master: Master, [host, portText]: readonly string[]): void {
  if (!s.newReplica(master, address(s, host!, portText!))) {
    throw new Refusal("Duplicate hostname and port for replica.");
  }
}

function address(s: State, host: string, portText: string) {
  const at = s.address(host, port(portText));
  if (at === null) throw new Refusal("Can't resolve instance hostname.");
  return at;
}

function number(text: string, reason: string): number {
  const value = wholeNumber(text);
  if (Number.isNaN(value)) throw new Refusal(reason);
  return value;
}

function positive(text: string): number {
  const value = wholeNumber(text);
  if (!(value > 0)) throw new Refusal("negative or zero time parameter.");
  return value;
}

function epoch(text: string): number {
  return number(text, "Invalid epoch.");
}

function port(text: string): number {
  const value = wholeNumber(text);
  if (!(value <= 65535)) throw new Refusal("Invalid port number.");
  return value;
}

function yesNo(text: string, reason: string): boolean {
  const word = text.toLowerCase();
  if (word !== "yes" && word !== "no") throw new Refusal(reason);
  return word === "yes";
}

/** All lines that take the place of the old ones. */
export function configLines(s: State): string[] {
  const { options } = s;
  const usual = defaultOptions();
  const word = (on: boolean) => (on ? "yes" : "no");
  const lines = [`myid ${s.myid}`];
  if (options.denyScriptsReconfig !== usual.denyScriptsReconfig) {
    lines.push(`deny-scripts-reconfig ${word(options.denyScriptsReconfig)}`);
  }
  if (options.resolveHostnames) lines.push("resolve-hostnames yes");
  if (options.announceHostnames) lines.push("announce-hostnames yes");
  for (const master of s.masters.values()) lines.push(...masterLines(s, master));
  lines.push(`current-epoch ${s.currentEpoch}`);
  if (options.announceIp !== "") lines.push(`announce-ip ${quoteWord(options.announceIp)}`);
  if (options.announcePort !== 0) lines.push(`announce-port ${options.announcePort}`);
  if (options.sentinelUser !== "") lines.push(`sentinel-user ${quoteWord(options.sentinelUser)}`);
  if (options.sentinelPass !== "") lines.push(`sentinel-pass ${quoteWord(options.sentinelPass)}`);
  return lines.map((line) => `sentinel ${line}`);
}

function masterLines(s: State, master: Master): string[] {
  const { name, address } = master;
  const lines = [`monitor ${plain(name)} ${s.announced(address)} ${address.port} ${master.quorum}`];
  const add = (option: string, ...words: (string | number)[]) => lines.push([option, plain(name), ...words].join(" "));
  const { defaultDownAfterMs, defaultFailoverTimeoutMs } = s.timings;
  if (master.downAfterMs !== defaultDownAfterMs) add("down-after-milliseconds", master.downAfterMs);
  if (master.failoverTimeoutMs !== defaultFailoverTimeoutMs) add("failover-timeout", master.failoverTimeoutMs);
  if (master.parallelSyncs !== 1) add("parallel-syncs", master.parallelSyncs);
  if (master.notificationScript !== null) add("notification-script", quoteWord(master.notificationScript));
  if (master.clientReconfigScript !== null) add("client-reconfig-script", quoteWord(master.clientReconfigScript));
  if (master.authPass !== null) add("auth-pass", quoteWord(master.authPass));
  if (master.authUser !== null) add("auth-user", quoteWord(master.authUser));
  if (master.rebootDownAfterMs !== 0) add("master-reboot-down-after-period", master.rebootDownAfterMs);
  add("config-epoch", master.configEpoch);
  add("leader-epoch", master.leaderEpoch);
  for (const replica of master.replicas.values()) {
    if (sameAddress(replica.address, address)) continue;
    add("known-replica", s.announced(replica.address), replica.address.port);
  }
  for (const peer of master.sentinels.values()) {
    add("known-sentinel", s.announced(peer.address), peer.address.port, plain(peer.name));
  }
  for (const [command, renamed] of master.renamed) add("rename-command", quoteWord(command), quoteWord(renamed));
  return lines;
}

/** Quoted only where it has to be: other tools read these lines too. */
function plain(word: string): string {
  return /^[\w.:@%/+-]+$/.test(word) ? word : quoteWord(word);
}
