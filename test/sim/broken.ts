/** Worlds in which a rule is broken on purpose: what a checker is worth shows there. */
import type { SimNode } from "../../sim/node.ts";
import type { World } from "../../sim/world.ts";
import type { Input } from "../../src/sentinel/protocol.ts";

/** Whenever a process of the world has come up. */
export function onStart(world: World, action: (node: SimNode) => void): void {
  world.checkers.push({ name: "", violations: [], started: action });
}

/** What the Sentinels' machines are told goes through `filter` first; null is not told. */
export function tamper(world: World, filter: (node: SimNode, input: Input) => Input | null): void {
  onStart(world, (node) => {
    const machine = node.sentinel?.machine;
    if (!machine) return;
    const step = machine.step.bind(machine);
    machine.step = (input, now) => {
      const told = filter(node, input);
      return told === null ? [] : step(told, now);
    };
  });
}

/** A Sentinel's disk that keeps what was first written to it: a vote is forgotten in a crash. */
export function forgetVotes(world: World): void {
  for (const { disk } of world.sentinels) {
    const replaceSync = disk.replaceSync.bind(disk);
    disk.replaceSync = (path, bytes) => {
      const text = Buffer.from(bytes as Uint8Array).toString("latin1");
      const forgotten = text.replace(/^sentinel (current-epoch|(leader|config)-epoch \S+) .*\n/gm, "");
      replaceSync(path, Buffer.from(forgotten, "latin1"));
    };
  }
}
