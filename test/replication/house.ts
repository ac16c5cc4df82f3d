/** Servers for end-to-end tests: ours in this process, real ones beside it, and a proxy that cuts the link between them. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { silent } from "../../src/base/log.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { nodeProcessFacts } from "../../src/io/process-facts.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import { Ends } from "../ends.ts";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";

function hasRedis(): boolean {
  try {
    return execFileSync("which", ["redis-server"], { encoding: "utf8" }).trim() !== "";
  } catch {
    return false;
  }
}

/** For a test's `skip`: why it cannot run. With NINES_REQUIRE_PEERS=1 it runs and fails instead. */
export const noRedis: string | false =
  !hasRedis() && process.env["NINES_REQUIRE_PEERS"] !== "1" ? "no redis-server on this machine" : false;

/** A server of either make. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly client: Redis;
  log(): string;
  stop(): Promise<void>;
}

export class House {
  readonly #peers: Peer[] = [];
  readonly #proxies: LinkProxy[] = [];

  async nines(config = ""): Promise<Peer> {
    const io = { ...nodeIo(), disk: new MemoryDisk() };
    const lines: string[] = [];
    const text = `port 0\nbind 127.0.0.1\nsave ""\nenable-debug-command yes\nrepl-diskless-sync-delay 0\n${config}`;
    const settings = readConfig(io.disk, "", text, false);
    const server = assemble({
      io,
      processes: new NodeProcesses(),
      config: settings.config,
      extras: settings.extras,
      log: { ...silent, notice: (line) => lines.push(line), warning: (line) => lines.push(`# ${line}`) },
      pid: process.pid,
      facts: nodeProcessFacts(),
      ephemeralPort: "tcp",
      exit: () => {},
    });
    await server.start();
    return this.#add(
      "nines",
      server.listeners.port,
      () => lines.join("\n"),
      () => server.stop(),
    );
  }

  async redis(...args: string[]): Promise<Peer> {
    const folder = mkdtempSync(join(tmpdir(), "nines-repl-"));
    const port = await freePort();
    const words = ["--port", `${port}`, "--dir", folder, "--save", "", "--repl-diskless-sync-delay", "0"];
    const child = tether(
      spawn("redis-server", [...words, "--enable-debug-command", "yes", ...args], {
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", () => reject(new Error(output)));
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes("Ready to accept connections")) resolve();
      });
    });
    return this.#add(
      "redis",
      port,
      () => output,
      async () => {
        await endProcess(child);
        rmSync(folder, { recursive: true, force: true });
      },
    );
  }

  /** A port that leads to `peer` until it is cut. */
  async proxy(peer: Peer): Promise<LinkProxy> {
    const proxy = new LinkProxy(peer.port);
    await proxy.listen();
    this.#proxies.push(proxy);
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.client.disconnect();
    for (const proxy of this.#proxies) proxy.close();
    const ends = new Ends();
    for (const peer of this.#peers) ends.add(peer.stop);
    await ends[Symbol.asyncDispose]();
  }

  #add(name: string, port: number, log: () => string, stop: () => Promise<void>): Peer {
    const client = new Redis(port, "127.0.0.1", { lazyConnect: true, maxRetriesPerRequest: 2 });
    client.on("error", () => {});
    const peer = { name, port, client, log, stop };
    this.#peers.push(peer);
    return peer;
  }
}

export class LinkProxy {
  port = 0;
  readonly #target: number;
  readonly #server: TcpServer;
  readonly #sockets = new Set<Socket>();
  readonly #far = new Set<Socket>();
  #mayStillCome = Number.POSITIVE_INFINITY;
  /** Whether new connections are refused. */
  refusing = false;

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      if (this.refusing) {
        near.destroy();
        return;
      }
      const far = connect(this.#target, "127.0.0.1");
      this.#far.add(far);
      far.on("close", () => this.#far.delete(far));
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on("data", (bytes) => {
          to.write(bytes);
          if (from !== far) return;
          this.#mayStillCome -= bytes.length;
          if (this.#mayStillCome <= 0) far.pause();
        });
        from.on("error", () => {});
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  /** When the far side has sent so much, nothing more is taken of it: its network is full before long. */
  stallAfter(bytes: number): void {
    this.#mayStillCome = bytes;
  }

  flow(): void {
    this.#mayStillCome = Number.POSITIVE_INFINITY;
    for (const far of this.#far) far.resume();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

export async function infoOf(peer: Peer, section = "replication"): Promise<Record<string, string>> {
  const text = await peer.client.info(section);
  return Object.fromEntries(
    text
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** Waits until `check` holds; fails with what it threw last. */
export async function eventually(check: () => Promise<void>, ms = 8000): Promise<void> {
  const until = performance.now() + ms;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function follow(replica: Peer, primary: { port: number }): Promise<void> {
  await replica.client.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
  await eventually(async () => assert.equal((await infoOf(replica))["master_link_status"], "up"));
}

/** Same data, same history, same offset. */
export async function assertTwins(primary: Peer, replica: Peer): Promise<void> {
  await eventually(async () => {
    const [a, b] = await Promise.all([infoOf(primary), infoOf(replica)]);
    assert.equal(b["master_repl_offset"], a["master_repl_offset"]);
    assert.equal(b["master_replid"], a["master_replid"]);
    const digests = await Promise.all([primary, replica].map((peer) => peer.client.call("DEBUG", "DIGEST")));
    assert.equal(digests[1], digests[0]);
  });
}

/** Writes of many kinds until told to stop, or until the test is over. */
export function load(peer: Peer): () => Promise<number> {
  let going = true;
  let writes = 0;
  peer.client.once("end", () => (going = false));
  const run = async () => {
    while (going) {
      const pipeline = peer.client.pipeline();
      for (let i = 0; i < 20; i++) {
        const key = `key:${writes % 97}`;
        pipeline.incr("counter");
        pipeline.set(key, `value ${writes}`.repeat(1 + (writes % 7)));
        if (writes % 5 === 0) pipeline.set(`short:${writes % 31}`, "x", "PX", 50 + (writes % 100));
        if (writes % 7 === 0) pipeline.append(`log:${writes % 11}`, `${writes},`);
        if (writes % 11 === 0) pipeline.del(`key:${(writes * 3) % 97}`);
        if (writes % 13 === 0)
          for (const words of [["multi"], ["incr", "a"], ["select", "1"], ["incr", "b"], ["exec"], ["select", "0"]]) {
            pipeline.call(words[0]!, ...words.slice(1));
          }
        writes++;
      }
      await pipeline.exec();
    }
    return writes;
  };
  const done = run();
  return () => {
    going = false;
    return done;
  };
}

export async function fill(peer: Peer, keys: number): Promise<void> {
  const pipeline = peer.client.pipeline();
  for (let i = 0; i < keys; i++) pipeline.set(`old:${i}`, "x".repeat(i % 200));
  pipeline.expire("old:1", 1000);
  await pipeline.exec();
}
