/** Those subcommands of SENTINEL whose words take more than a line to read. */
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import type { Call } from "../commands/call.ts";
import { wholeNumber } from "./codec.ts";
import { votesNeeded } from "./election.ts";
import type { Master } from "./instances.ts";
import { readOption } from "./orders.ts";
import type { Order } from "./protocol.ts";
import { writeOptions, writeTimings } from "./replies.ts";
import { type Timings, timingNames } from "./settings.ts";
import type { SentinelShell } from "./shell.ts";
import { weaknesses } from "./topology.ts";

const err = (text: string) => new ReplyError("ERR", text);
const LEVELS = ["debug", "verbose", "notice", "warning", "nothing"];

export function rest(args: Args): string[] {
  const words: string[] = [];
  while (args.more) words.push(args.next().latin1());
  return words;
}

/** They would end up in the configuration file, where a line break begins another directive. */
export function refuseControls(command: string, words: readonly string[]): void {
  const isControl = (code: number) => code < 0x20 || code === 0x7f;
  for (const [i, text] of words.entries()) {
    if (![...text].some((c) => isControl(c.charCodeAt(0)))) continue;
    const at = i + (command === "MONITOR" ? 2 : 3);
    throw err(`Invalid argument at index ${at} for SENTINEL ${command}: control characters are not allowed`);
  }
}

export function checkScript({ host, state }: SentinelShell, option: string, path: string): void {
  const isNotification = option.toLowerCase() === "notification-script";
  if (!isNotification && option.toLowerCase() !== "client-reconfig-script") return;
  if (state.options.denyScriptsReconfig || path === "" || host.isExecutable(path)) return;
  const what = isNotification ? "Notification" : "Client reconfiguration";
  throw err(`${what} script seems non existing or non executable`);
}

export function checkQuorum({ reply }: Call, { state }: SentinelShell, master: Master): void {
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

export function configure(
  call: Call,
  args: Args,
  shell: SentinelShell,
  obey: (call: Call, order: Order) => void,
): void {
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

export function simulate({ reply }: Call, args: Args, shell: SentinelShell): void {
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

export function debug({ reply }: Call, args: Args, shell: SentinelShell): void {
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
