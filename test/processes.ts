/** Programs that run beside a test: none of them outlives the test file, whatever ends that. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)
  process.once(signal, () => process.exit(code));

/** Ties the life of a program to ours. That it could not be started is seen by who waits for it to answer. */
export function tether<C extends ChildProcess>(child: C): C {
  running.add(child);
  child.on("error", () => {});
  child.once("exit", () => running.delete(child));
  return child;
}

/** Whether it could not be started, or has ended. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Kills it and waits until it is gone: its port and its folder are free then. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
