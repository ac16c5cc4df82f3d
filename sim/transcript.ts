/**
 * A history for people: what each server, the Sentinel that led the failover and one that voted had to say, each on its own, with
 * names in the place of addresses and run ids. Moments, offsets and who spoke first differ from run to run and are left out,
 * so that the text changes only when the behaviour does.
 */
import type { World } from "./world.ts";

/** @param world  one with a single failover */
export function readable(world: World): string {
  const elected = world.transcript.find((line) => line.includes("+elected-leader")) ?? "";
  const leader = wordsOf(elected).who;
  const voter = world.sentinels.find(({ name }) => name !== leader)!.name;
  const names = namesOf(world, leader);
  const told = new Map<string, string[]>([
    ["s1", []],
    [leader, []],
    [voter, []],
    ...world.servers.slice(1).map(({ name }): [string, string[]] => [name, []]),
  ]);
  for (const line of world.transcript) {
    const { who, text } = wordsOf(line);
    const lines = told.get(who);
    if (lines === undefined || NOISE.test(text)) continue;
    const plain = rename(text, names);
    // One vote decides, further ones may come at any moment after.
    if (plain.includes(" voted for ") && lines.includes(plain)) continue;
    lines.push(plain);
  }
  const heading = (who: string) => ({ [leader]: "The Sentinel that leads", [voter]: "Another Sentinel" })[who] ?? who;
  return [...told].map(([who, lines]) => `${heading(who)}\n${lines.map((line) => `  ${line}\n`).join("")}`).join("\n");
}

function wordsOf(line: string): { who: string; text: string } {
  const [, who, text] = /^ *\S+ (\S+) +(.*)$/.exec(line) ?? ["", "", ""];
  return { who: who!, text: text! };
}

function namesOf(world: World, leader: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, address, port } of world.servers) {
    names.set(`${name} ${address} ${port}`, name);
    names
      .set(`${address}:${port} ${address} ${port}`, name)
      .set(`${address} ${port}`, name)
      .set(`${address}:${port}`, name);
  }
  for (const { name, address, port, sentinel } of world.sentinels) {
    const role = name === leader ? "the leader" : "a voter";
    const id = sentinel?.state.myid ?? "";
    names.set(`${id} ${address} ${port}`, role).set(id, role);
  }
  return names;
}

function rename(text: string, names: ReadonlyMap<string, string>): string {
  let plain = text;
  for (const [from, to] of names) if (from !== "") plain = plain.replaceAll(from, to);
  return plain
    .replace(/\b[0-9a-f]{40}\b/g, "<history>")
    .replace(/<history>:\d+/g, "<history>:<offset>")
    .replace(/(offset:? )\d+/g, "$1<offset>")
    .replace(/\b\d+ bytes/g, "<some> bytes")
    .replace(/id=\d+ addr=\S+ name=sentinel\S+ db=0/g, "a Sentinel");
}

/** What has nothing to do with the failover, or depends on who was the quicker. */
const NOISE =
  /saving|Saving|saved on disk|RDB (memory|age)|(Loading|loading) RDB|DB loaded|receiving streamed|Background|Reconnecting|Error condition|sync started|Non blocking|\+odown|fix-slave-config|convert-to-slave|slave-reconf|Next failover delay/;
