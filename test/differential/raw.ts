/** Raw bytes to a nines server and to a real redis-server with the same directives: they must send the same, and close alike. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { splitWords } from "../../src/base/words.ts";
import { freePort } from "../ports.ts";
import { endProcess, hasEnded, tether } from "../processes.ts";
import { temporaryFolder } from "../rdb/real-redis.ts";
import { type TestServer, withServer } from "../server/with-server.ts";

export interface RawBoth {
  readonly ours: TestServer;
  readonly ourPort: number;
  readonly theirPort: number;
}

/** @param directives  lines of redis.conf for both */
export async function withRawBoth(
  directives: readonly string[],
  work: (both: RawBoth) => Promise<void>,
): Promise<void> {
  const folder = temporaryFolder();
  const theirPort = await freePort();
  const words = ["save ''", `dir ${folder}`, `port ${theirPort}`, "bind 127.0.0.1", ...directives].flatMap((line) => {
    const [name, ...values] = splitWords(line)!;
    return [`--${name}`, ...values];
  });
  const child = tether(spawn("redis-server", words, { stdio: "ignore" }));
  try {
    for (let tries = 0; !(await listens(theirPort)); tries++) {
      if (hasEnded(child) || tries > 1000) throw new Error(`redis-server did not start: ${words.join(" ")}`);
      await sleep(10);
    }
    // What the other tests allow themselves is not allowed here unless a test says so.
    await withServer((ours) => work({ ours, ourPort: ours.port, theirPort }), {
      config: ["enable-debug-command no", ...directives].join("\n"),
    });
  } finally {
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const open = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
  socket.destroy();
  return open;
}

/** So long nothing comes before it is taken that nothing will, and behind something that this was all. */
const SILENCE_MS = 400;
const END_MS = 40;

/**
 * What comes back for these bytes, sent one after the other, and whether the connection was closed then.
 * @param patience  how many times as long as usual silence must last
 */
export async function exchange(
  port: number,
  inputs: readonly string[],
  host = "127.0.0.1",
  patience = 1,
): Promise<string> {
  const socket = connect(port, host);
  let received = "";
  let closed = false;
  let last = Date.now();
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    last = Date.now();
  });
  socket.on("close", () => (closed = true));
  socket.on("error", () => {});
  await once(socket, "connect");
  // Without any input: what comes by itself.
  for (const input of inputs.length === 0 ? [""] : inputs) {
    socket.write(input, "latin1");
    last = Date.now();
    const before = received.length;
    const enough = () => patience * (received.length > before ? END_MS : SILENCE_MS);
    while (!closed && Date.now() - last < enough()) await sleep(4);
  }
  socket.destroy();
  return `${JSON.stringify(received)}${closed ? " and closed" : ""}`;
}

/** A request in Redis' protocol, of words of one character a byte. */
export function request(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
