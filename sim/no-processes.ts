/** Simulated machines run no scripts. */
import type { Processes } from "../src/io/processes.ts";

export const noProcesses: Processes = {
  spawn: () => ({
    id: { pid: 0 },
    hasExited: true,
    exited: Promise.resolve({ code: null, signal: null, error: new Error("there are no other processes here") }),
    kill() {},
  }),
  isAlive: () => false,
  signal: () => false,
};
