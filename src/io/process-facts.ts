/** The process a server runs in, as INFO and MEMORY describe it: what the machine is and what has been used of it. */
import { readFileSync } from "node:fs";
import { arch, endianness, release, totalmem, type } from "node:os";

export interface ProcessFacts {
  /** "Linux 6.1.0 x86_64" */
  readonly os: string;
  readonly archBits: 32 | 64;
  /** The absolute path of the program. */
  readonly executable: string;
  /** Of the runtime: "Node.js v20.1.0". */
  readonly runtime: string;
  /** Bytes of RAM in the machine. */
  readonly systemMemory: number;
  /** How many files and connections it may have open; Infinity where that is not known. */
  readonly openFiles: number;
  /** Seconds of CPU since the start. */
  cpu(): { user: number; system: number };
  memory(): ProcessMemory;
  /** Stops the whole process for so long, as DEBUG SLEEP does: nothing else runs meanwhile. */
  block(milliseconds: number): void;
}

export interface ProcessMemory {
  /** Resident bytes. */
  readonly rss: number;
  /** Of the JavaScript heap: in use, and reserved. */
  readonly heapUsed: number;
  readonly heapTotal: number;
  /** Outside of the heap, the data set included. */
  readonly buffers: number;
}

/** The real process. */
export function nodeProcessFacts(): ProcessFacts {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  return {
    os: `${type()} ${release()} ${machine()}`,
    archBits: process.arch.includes("64") || process.arch === "s390x" ? 64 : 32,
    executable: process.execPath,
    runtime: `Node.js ${process.version}`,
    systemMemory: totalmem(),
    openFiles: openFilesLimit(),
    cpu() {
      const { user, system } = process.cpuUsage();
      return { user: user / 1e6, system: system / 1e6 };
    },
    memory() {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
      return { rss, heapUsed, heapTotal, buffers: external };
    },
    block(milliseconds) {
      Atomics.wait(gate, 0, 0, milliseconds);
    },
  };
}

/** No process at all: for servers of a simulation, where each run must be as the one before. */
export const noProcess: ProcessFacts = {
  os: "Simulation 1 none",
  archBits: 64,
  executable: "",
  runtime: "none",
  systemMemory: 0,
  openFiles: Number.POSITIVE_INFINITY,
  cpu: () => ({ user: 0, system: 0 }),
  memory: () => ({ rss: 0, heapUsed: 0, heapTotal: 0, buffers: 0 }),
  block() {},
};

/** Node has raised the soft limit to the hard one when it started. */
function openFilesLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    return limit === null ? Number.POSITIVE_INFINITY : Number(limit[1]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** As `uname -m` has it. */
function machine(): string {
  const names: Partial<Record<NodeJS.Architecture, string>> = { x64: "x86_64", arm64: "aarch64", ia32: "i686" };
  return names[arch() as NodeJS.Architecture] ?? `${arch()}${endianness() === "BE" ? "be" : ""}`;
}
