/** A server under test: started on a free port in a folder of its own, looked at through /proc, ended without leftovers. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect as netConnect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly command: string;
  readonly args: readonly string[];
}

export function ours(): Contender {
  const args = [resolve(import.meta.dirname, "../dist/cli.js"), "server"];
  const version = execFileSync(process.execPath, [...args, "--version"], { encoding: "utf8" }).trim();
  return { name: "nines", version, command: process.execPath, args };
}

/** A real server by its command's name. */
export function theirs(command: string): Contender {
  const version = execFileSync(command, ["--version"], { encoding: "utf8" }).trim();
  return { name: command, version, command, args: [] };
}

/** Of /proc/<pid>/stat: a hundredth of a second, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class RunningServer {
  readonly port: number;
  /** From the start of the process until it answered a PING. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, port: number, folder: string, readyMs: number) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
    this.readyMs = readyMs;
  }

  /** Without persistence, unless `words` (as on redis-server's command line) say otherwise. */
  static async start(contender: Contender, words: readonly string[] = []): Promise<RunningServer> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "nines-bench-"));
    const common = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
    const startedAt = performance.now();
    const child = spawn(contender.command, [...contender.args, ...common, ...words], { stdio: "ignore" });
    running.add(child);
    while (!(await answersPing(port))) {
      if (child.exitCode !== null) throw new Error(`${contender.name} ended with code ${child.exitCode} at its start`);
      if (performance.now() - startedAt > 10_000) throw new Error(`${contender.name} did not answer within 10 s`);
      await sleep(1);
    }
    return new RunningServer(child, port, folder, performance.now() - startedAt);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
    running.delete(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Microseconds of processor time that all its threads have used so far, in user mode and in the kernel. */
  cpuMicros(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_A_SECOND;
  }

  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "latin1");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = netConnect({ host: "127.0.0.1", port });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (bytes) => end(bytes.toString().startsWith("+PONG")));
    socket.once("error", () => end(false));
    socket.setTimeout(1000, () => end(false));
  });
}
