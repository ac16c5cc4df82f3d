/** Clients that are programs: a line goes in, one comes out. One request is under way at a time. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PYTHON } from "../peers.ts";
import { tether } from "../processes.ts";
import type { LoadClient } from "./cluster-load.ts";

class LineProgram {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #ended = false;

  /** @param alsoErrors  what it says on stderr is for us too */
  constructor(command: string, args: readonly string[], alsoErrors = false) {
    this.#child = tether(spawn(command, args, { stdio: ["pipe", "pipe", alsoErrors ? "pipe" : "ignore"] }));
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null)
        createInterface({ input: stream }).on("line", (line) => {
          this.#lines.push(line);
          this.#wake();
        });
    this.#child.stdin!.on("error", () => {});
    this.#child.once("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  async hear(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#ended) throw new Error("the program ended");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift()!;
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Has its calls wait for each other. */
function inTurn<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (...args) => {
    const next = last.then(() => call(...args));
    last = next.catch(() => {});
    return next;
  };
}

/** redis-py's RedisCluster. */
export function redisPyCluster(ports: readonly number[]): LoadClient {
  const program = new LineProgram(PYTHON, [join(import.meta.dirname, "redis_py_cluster.py"), ...ports.map(String)]);
  const ask = inTurn(async (line: string) => {
    program.say(line);
    const text = await program.hear();
    const answer = JSON.parse(text.startsWith("{") ? text : JSON.stringify({ error: text }));
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.reply;
  });
  return {
    set: (key, value) => ask(`set ${key} ${value}`),
    get: (key) => ask(`get ${key}`),
    close: () => program.close(),
  };
}

/**
 * redis-cli -c. It keeps to the node it was sent to last, so when that one is gone it is started anew at the next: as its user would.
 */
export function redisCliCluster(ports: readonly number[]): LoadClient {
  let node = 0;
  const start = () => new LineProgram("redis-cli", ["-c", "-p", String(ports[node++ % ports.length])], true);
  let program = start();
  const ask = inTurn(async (line: string, expected: RegExp) => {
    program.say(line);
    for (;;) {
      const text = await program.hear();
      if (text === "" || text.startsWith("-> Redirected")) continue;
      if (expected.test(text)) return text;
      if (/closed|refused|reset/i.test(text)) {
        program.close();
        program = start();
      }
      throw new Error(text);
    }
  });
  return {
    set: (key, value) => ask(`SET ${key} ${value}`, /^OK$/),
    get: (key) => ask(`GET ${key}`, /^\d+$/),
    close: () => program.close(),
  };
}
