/** A world in which things go wrong at random, for a while, and then do not any more. */
import { type Node, SentinelNode, World, type WorldOptions } from "./world.ts";

export interface Verdict {
  readonly world: World;
  /** Ms after the healing until all agreed and the servers followed; -1 for never. */
  readonly healedAfterMs: number;
}

const SETTLE_MS = 4000;

export function chaos(
  options: WorldOptions & {
    forMs?: number;
    limitMs?: number;
    sentinelsCrash?: boolean;
    prepare?: (world: World) => void;
  },
): Verdict {
  const world = new World({ failoverTimeoutMs: 3000, ...options });
  options.prepare?.(world);
  world.run(SETTLE_MS);
  const until = world.elapsedMs + (options.forMs ?? 20_000);
  while (world.elapsedMs < until) {
    misfortune(world, options.sentinelsCrash ?? true);
    world.run(50 + world.dice.below(1500));
    for (const server of world.servers) server.write();
  }
  heal(world);
  return { world, healedAfterMs: world.until(() => isWell(world), options.limitMs ?? 60_000) };
}

function misfortune(world: World, sentinelsCrash: boolean): void {
  const { dice } = world;
  const pick = <T>(from: readonly T[]): T => from[dice.below(from.length)]!;
  const node: Node = pick<Node>(dice.float() < 0.7 || !sentinelsCrash ? world.servers : world.sentinels);
  switch (dice.below(7)) {
    case 0:
    case 1:
      if (node.state === "up") world.kill(node);
      break;
    case 2:
    case 3:
      if (node.state === "down") world.restart(node);
      else if (node.state === "stopped") world.resume(node);
      break;
    case 4:
      if (node.state === "up") world.stop(node);
      break;
    case 5:
      world.note(`${node.port} is cut off`);
      world.isolate(node.port);
      break;
    default:
      world.note("the cuts heal");
      world.heal();
  }
}

function heal(world: World): void {
  world.note("all is well");
  world.heal();
  for (const node of [...world.servers, ...world.sentinels]) {
    if (node.state === "down") world.restart(node);
    else if (node.state === "stopped") world.resume(node);
  }
}

/** One primary, that all Sentinels name and all others follow, and no failover under way. */
export function isWell(world: World): boolean {
  const ports = new Set(world.opinions);
  if (ports.size !== 1 || world.masters.length !== 1) return false;
  const [port] = ports;
  if (world.masters[0]!.port !== port) return false;
  if (world.servers.some((server) => server.port !== port && server.master !== port)) return false;
  return world.sentinels.every((one) => one instanceof SentinelNode && !one.master.inFailover && !one.master.sdown);
}
