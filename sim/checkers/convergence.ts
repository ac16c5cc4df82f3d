/** When nobody writes any more, all servers hold the same data at the same offset of the same history. */
import { dataOf } from "../state.ts";
import type { World } from "../world.ts";
import type { Checker } from "./checker.ts";

export class Convergence implements Checker {
  readonly name = "replicas converge to their primary";
  readonly violations: string[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  finish(): void {
    this.violations.push(...differences(this.#world));
  }
}

/** How the servers differ from their primary; empty if they do not. */
export function differences(world: World): string[] {
  const found: string[] = [];
  const primary = world.servers.find((server) => server.replication?.role === "master");
  if (!primary?.replication) return ["there is no primary"];
  const expected = dataOf(primary);
  const { history } = primary.replication.machine;
  for (const server of world.servers) {
    if (server === primary) continue;
    const own = server.replication?.machine.history;
    if (own?.replid !== history.replid)
      found.push(`${server.name} follows history ${own?.replid}, not ${history.replid}`);
    else if (own.offset !== history.offset)
      found.push(`${server.name} is at ${own.offset}, ${primary.name} at ${history.offset}`);
    const difference = firstDifference(expected, dataOf(server));
    if (difference !== null) found.push(`${server.name} differs from ${primary.name}: ${difference}`);
  }
  return found;
}

function firstDifference(expected: Map<string, string>, found: Map<string, string>): string | null {
  for (const [key, value] of expected) if (found.get(key) !== value) return `${key} is ${found.get(key)}, not ${value}`;
  for (const key of found.keys()) if (!expected.has(key)) return `${key} is there and should not be`;
  return null;
}
