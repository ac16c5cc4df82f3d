/** Questions to Sentinels and servers of the group, and what their answers mean. */
import { ReplyError } from "../base/reply-error.ts";
import type { Endpoint } from "../io/net.ts";
import type { Answer, AskOptions, AskPeer, ReplicationSettings } from "./dataset.ts";
import { parsePrimaryInfo } from "./divergence.ts";
import type { SentinelWord } from "./guard.ts";
import type { MemberWord } from "./roster.ts";

/** A server that is there answers in milliseconds; one that is not is asked again. */
const TIMEOUT_MS = 500;

/** What the Sentinel says of the group called `name`; with no name, of the only one it watches. Null without an answer, "gone" if nobody listens. */
export async function askSentinel(
  ask: AskPeer,
  sentinel: Endpoint,
  name: string,
  settings: Pick<ReplicationSettings, "sentinelsUser" | "sentinelsPass">,
): Promise<SentinelWord | "gone" | null> {
  let answers: Answer[];
  try {
    answers = await ask.ask(sentinel, [["SENTINEL", "MASTERS"]], auth(settings.sentinelsUser, settings.sentinelsPass));
  } catch (error) {
    return (error as { code?: string }).code === "ECONNREFUSED" ? "gone" : null;
  }
  const masters = Array.isArray(answers[0]) ? (answers[0] as Answer[]).map(fields) : [];
  const master =
    name === "" ? (masters.length === 1 ? masters[0] : undefined) : masters.find((m) => m.get("name") === name);
  if (master === undefined) return null;
  const flags = (master.get("flags") ?? "").split(",");
  return {
    name: master.get("name") ?? "",
    primary: { host: master.get("ip") ?? "", port: Number(master.get("port")) },
    epoch: Number(master.get("config-epoch") ?? 0),
    doubts: ["s_down", "o_down", "failover_in_progress", "force_failover"].some((flag) => flags.includes(flag)),
  };
}

/** What the server says of itself. Null without an answer. */
export async function askServer(
  ask: AskPeer,
  endpoint: Endpoint,
  settings: ReplicationSettings,
): Promise<MemberWord | null> {
  let answers: Answer[];
  try {
    const commands = [["ROLE"], ["INFO", "replication"], ["INFO", "server"], ["INFO", "keyspace"], ["CLIENT", "INFO"]];
    answers = await ask.ask(endpoint, commands, authOf(settings));
  } catch {
    return null;
  }
  const [role, replication, server, keyspace, client] = answers;
  if (!Array.isArray(role) || (role[0] !== "master" && role[0] !== "slave")) return null;
  const slave = role[0] === "slave";
  return {
    role: role[0],
    runId: /^run_id:(\w+)/m.exec(textOf(server))?.[1] ?? "",
    keys: [...textOf(keyspace).matchAll(/^db\d+:keys=(\d+)/gm)].reduce((sum, [, keys]) => sum + Number(keys), 0),
    info: textOf(replication) === "" ? null : parsePrimaryInfo(textOf(replication)),
    primary: slave ? { host: String(role[1]), port: Number(role[2]) } : null,
    linkUp: slave && (role[3] === "connected" || role[3] === "sync" || role[3] === "handshake"),
    seenFrom: hostOf(/(?:^| )addr=(\S+)/.exec(textOf(client))?.[1] ?? ""),
  };
}

/** Sends a member of the roster its REPLICAOF. Null if it took it, else why not. */
export async function enrol(
  ask: AskPeer,
  member: Endpoint,
  us: Endpoint,
  settings: ReplicationSettings,
): Promise<string | null> {
  try {
    const [answer] = await ask.ask(member, [["REPLICAOF", us.host, String(us.port)]], authOf(settings));
    return answer instanceof ReplyError ? answer.message : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function authOf(settings: ReplicationSettings): AskOptions {
  return auth(settings.masteruser, settings.masterauth);
}

/** "" for no user, and for no password. */
function auth(user: string, password: string): AskOptions {
  if (password === "") return { timeoutMs: TIMEOUT_MS };
  return { timeoutMs: TIMEOUT_MS, password, ...(user === "" ? {} : { user }) };
}

function fields(answer: Answer): Map<string, string> {
  const map = new Map<string, string>();
  const words = Array.isArray(answer) ? (answer as Answer[]) : [];
  for (let i = 0; i + 1 < words.length; i += 2) map.set(String(words[i]), String(words[i + 1]));
  return map;
}

function textOf(answer: Answer | undefined): string {
  return typeof answer === "string" ? answer : "";
}

/** Without its port: `1.2.3.4:5`, `[::1]:5`. */
function hostOf(address: string): string {
  const colon = address.lastIndexOf(":");
  return address.slice(0, Math.max(0, colon)).replace(/^\[|\]$/g, "");
}
