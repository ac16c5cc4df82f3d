/** A primary of one make and replicas of both, and how to tell whether they hold the same data. */

import { allKeys } from "../../differential/generator/kinds.ts";
import type { Difference } from "../../differential/generator/play.ts";
import { parseReply, show } from "../../differential/generator/reply.ts";
import { Wire } from "../../differential/generator/wire.ts";
import { eventually, type House, infoOf, type LinkProxy, type Peer } from "../house.ts";

export type Make = "nines" | "redis";

export interface Layout {
  readonly primary: Make;
  readonly replicas: readonly Make[];
}

export const layouts: Readonly<Record<string, Layout>> = {
  "a nines primary, replicas of both makes": { primary: "nines", replicas: ["nines", "redis"] },
  "a redis-server primary, a nines replica": { primary: "redis", replicas: ["nines"] },
  // With what redis-server 7.0 does not know: the expiry of fields.
  "a nines primary, a nines replica": { primary: "nines", replicas: ["nines"] },
};

export interface Member {
  readonly name: string;
  readonly peer: Peer;
  readonly main: Wire;
}

export interface Replica extends Member {
  /** Between it and the primary. */
  readonly link: LinkProxy;
}

export interface Group {
  readonly primary: Member;
  readonly replicas: readonly Replica[];
}

/** They do not follow yet. */
export async function openGroup(house: House, { primary, replicas }: Layout): Promise<Group> {
  const open = async (peer: Peer, name: string): Promise<Member> => ({ name, peer, main: await Wire.open(peer.port) });
  const top = await open(await house[primary](), `${primary} primary`);
  const followers: Replica[] = [];
  for (const make of replicas) {
    const member = await open(await house[make](), `${make} replica`);
    followers.push({ ...member, link: await house.proxy(top.peer) });
  }
  return { primary: top, replicas: followers };
}

export function closeGroup({ primary, replicas }: Group): void {
  for (const { main } of [primary, ...replicas]) main.close();
}

export async function followAll({ replicas }: Group): Promise<void> {
  for (const { main, link } of replicas) await main.one("REPLICAOF", "127.0.0.1", `${link.port}`);
}

export async function linksUp({ primary, replicas }: Group): Promise<void> {
  for (const replica of replicas)
    await eventually(async () => {
      if ((await infoOf(replica.peer))["master_link_status"] === "up") return;
      throw new Error(`the link is down; ${lastWords(replica)}; ${lastWords(primary)}`);
    });
}

function lastWords({ name, peer }: Member): string {
  return `${name}:\n${peer.log().trimEnd().split("\n").slice(-12).join("\n")}\n`;
}

const DATABASES = [0, 1, 2];
/** Longer than any key lives that has not long to live. */
const BRIEF_LIVES_MS = 80;

/** Lets expire what will, and waits until all replicas have all of it. */
export async function settle(group: Group): Promise<void> {
  const { primary, replicas } = group;
  await new Promise((resolve) => setTimeout(resolve, BRIEF_LIVES_MS));
  for (const db of DATABASES) await expireAll(primary, db);
  await eventually(async () => {
    const offset = (await infoOf(primary.peer))["master_repl_offset"];
    for (const replica of replicas) {
      const reached = (await infoOf(replica.peer))["slave_repl_offset"];
      if (reached !== offset) throw new Error(`at ${reached}, not ${offset}; ${lastWords(replica)}`);
    }
  });
}

/** KEYS does not tell of a key that has expired, nor does it delete it: looking at it does, and the cycle does what is left. */
async function expireAll(primary: Member, db: number): Promise<void> {
  await primary.main.ask([["RESET"], ["SELECT", `${db}`], ...allKeys.map((key) => ["EXISTS", key])]);
  await eventually(async () => {
    const [keys, size] = await primary.main.ask([["KEYS", "*"], ["DBSIZE"]]);
    const there = parseReply(keys!).items.length;
    if (parseReply(size!).text !== `${there}`) throw new Error(`some of ${show(parseReply(size!))} keys do not expire`);
  });
}

async function keysOf({ main }: Member, db: number): Promise<string[]> {
  const [, , keys] = await main.ask([["RESET"], ["SELECT", `${db}`], ["KEYS", "*"]]);
  return parseReply(keys!)
    .items.map(({ text }) => text)
    .sort();
}

/** Call `settle` first. */
export async function compareData({ primary, replicas }: Group): Promise<Difference | null> {
  const expected = show(parseReply(await primary.main.one("DEBUG", "DIGEST")));
  for (const replica of replicas) {
    const digest = show(parseReply(await replica.main.one("DEBUG", "DIGEST")));
    if (digest !== expected) return (await findKey(primary, replica)) ?? differ(replica, "digest", digest, expected);
    const failures = (await infoOf(replica.peer, "stats"))["unexpected_error_replies"];
    const critical = replica.peer
      .log()
      .split("\n")
      .filter((line) => /CRITICAL|Bug in/.test(line));
    if (failures !== "0")
      return differ(replica, "errors of replicated commands", [failures, ...critical].join("\n"), "0");
  }
  return null;
}

function differ({ name }: Member, about: string, ours: string, theirs: string): Difference {
  return { kind: name, about, ours, theirs, unit: 0 };
}

async function findKey(primary: Member, replica: Member): Promise<Difference | null> {
  for (const db of DATABASES) {
    const keys = [...new Set([...(await keysOf(primary, db)), ...(await keysOf(replica, db))])].sort();
    for (const key of keys) {
      const [expected, found] = await Promise.all([primary, replica].map((member) => describeValue(member, key)));
      if (found !== expected) return differ(replica, `db ${db} ${JSON.stringify(key)}`, found!, expected!);
    }
  }
  return null;
}

async function describeValue({ main }: Member, key: string): Promise<string> {
  const replies = await main.ask([
    ["TYPE", key],
    ["DEBUG", "DIGEST-VALUE", key],
    ["PEXPIRETIME", key],
  ]);
  return replies.map((reply) => show(parseReply(reply))).join(" ");
}
