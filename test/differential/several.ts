/**
 * One script for several clients, run against a nines server and a real redis-server: who waits, who is answered what at
 * which step must be alike. A step is `a: BLPOP k 0`; it is over when the client has its reply or waits, and when all who
 * waited and do so no more have theirs. `a!: BLPOP k 0.01` is over when the client has its reply. `a?: BLPOP k 0` is passed over
 * if the client waits. `{id:a}` stands for a client's id.
 */
import assert from "node:assert/strict";
import { splitWords } from "../../src/base/words.ts";
import { withRedis } from "../rdb/real-redis.ts";
import { RespClient } from "../server/resp-client.ts";
import { withServer } from "../server/with-server.ts";

const SETTLED_WITHIN_MS = 10_000;

interface Client {
  readonly name: string;
  readonly connection: RespClient;
  readonly id: string;
  waits: boolean;
}

/** Runs the script on the server at `port`, and tells what was seen. */
export async function transcript(port: number, protocol: 2 | 3, script: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  const watcher = await RespClient.connect(port);
  const clients = new Map<string, Client>();
  try {
    for (const step of script) {
      const [, name = "", how = "", command = ""] = /^(\w+)([!?]?): (.*)$/.exec(step)!;
      const client = clients.get(name) ?? (await join(port, protocol, name));
      clients.set(name, client);
      if (client.waits && how === "?") continue;
      assert.ok(!client.waits, `${step}: it waits`);
      const words = splitWords(command)!.map((word) =>
        word.replace(/^\{id:(\w+)\}$/, (_, who) => clients.get(who)!.id),
      );
      client.connection.send(...words);
      client.waits = true;
      lines.push(step);
      if (how === "!") await client.connection.arrival();
      for (const reply of await settle(watcher, [...clients.values()])) lines.push(`  ${reply}`);
    }
    return lines;
  } finally {
    for (const { connection } of clients.values()) await connection.quit();
    await watcher.quit();
  }
}

async function join(port: number, protocol: 2 | 3, name: string): Promise<Client> {
  const connection = await RespClient.connect(port, protocol);
  return { name, connection, id: (await connection.do("CLIENT", "ID")).slice(1), waits: false };
}

/** Waits until nothing more happens by itself; answers who got what, by name. */
async function settle(watcher: RespClient, clients: Client[]): Promise<string[]> {
  const replies: string[] = [];
  for (const client of clients) {
    if (!client.waits) continue;
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    while (client.connection.unread === "" && !client.connection.closed) {
      assert.ok(performance.now() < deadline, `${client.name} is not answered, and does not wait`);
      const list = await watcher.do("CLIENT", "LIST", "ID", client.id);
      // What is only on its way shows as a client that does not wait.
      if (/ flags=\w*b/.test(list)) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (client.connection.unread === "" && !client.connection.closed) continue;
    client.waits = false;
    replies.push(`${client.name} ${await client.connection.reply().catch((error: Error) => error.message)}`);
  }
  return replies.sort();
}

/** The script on both servers; `mask` takes out what may differ. */
export function sameScript(protocol: 2 | 3, script: readonly string[], mask = (line: string) => line): Promise<void> {
  return withTwo(async (ours, theirs) => compare(ours, theirs, protocol, script, mask));
}

export async function compare(
  ours: number,
  theirs: number,
  protocol: 2 | 3,
  script: readonly string[],
  mask = (line: string) => line,
): Promise<void> {
  const [our, their] = await Promise.all([transcript(ours, protocol, script), transcript(theirs, protocol, script)]);
  assert.deepEqual(our.map(mask), their.map(mask));
}

/** Ports of a nines server and a redis-server. */
export function withTwo(work: (ours: number, theirs: number) => Promise<void>): Promise<void> {
  return withServer(({ port }) =>
    withRedis(async (redis) => work(port, redis.client.options.port!), undefined, ["--enable-debug-command", "yes"]),
  );
}
