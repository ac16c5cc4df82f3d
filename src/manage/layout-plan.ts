/** Who is to be a primary and who follows whom in a new cluster, so that one lost host costs as little as can be. Pure. */
import { slotShare } from "../base/hash-slot.ts";

/** A node without a part yet; hosts decide what falls together. */
export interface Candidate {
  readonly name: string;
  readonly host: string;
}

export interface Layout<T extends Candidate> {
  readonly shards: readonly {
    readonly primary: T;
    readonly slots: readonly [first: number, last: number];
    readonly replicas: readonly T[];
  }[];
  /** What could not be had, in words. */
  readonly warnings: readonly string[];
}

/**
 * Primaries are spread over the hosts, replicas stand on other hosts than their primary wherever that can be had (a matching
 * decides it, no guess), and those of one primary apart from each other as far as exchanges bring it. Nodes that are left over
 * are replicas of the first shards.
 * @throws Error  if there are too few nodes
 */
export function planLayout<T extends Candidate>(nodes: readonly T[], replicas: number): Layout<T> {
  const shards = Math.floor(nodes.length / (replicas + 1));
  if (shards < 3) {
    const need = 3 * (replicas + 1);
    const each = replicas === 0 ? "" : ` with ${replicas} replica${replicas === 1 ? "" : "s"} each`;
    throw new Error(
      `a cluster needs 3 primaries at least: for that many${each} name ${need} nodes, not ${nodes.length}`,
    );
  }
  const spread = interleave(nodes);
  const primaries = spread.slice(0, shards);
  const followers = spread.slice(shards);
  const seats = followers.map((_, i) => i % shards);
  const seated = seat(followers, seats, primaries);
  separate(seated, seats, primaries);
  const plan = primaries.map((primary, i) => ({
    primary,
    slots: slotShare(i, shards),
    replicas: seated.filter((_, at) => seats[at] === i),
  }));
  const oneHost = new Set(nodes.map((node) => node.host)).size === 1;
  return { shards: plan, warnings: oneHost && replicas > 0 ? [ONE_HOST] : plan.flatMap(warningsOf) };
}

const ONE_HOST = "all nodes stand on one host, and are lost with it";

/** One of each host in turn, so that no host has two primaries before each has one. */
function interleave<T extends Candidate>(nodes: readonly T[]): T[] {
  const hosts = new Map<string, T[]>();
  for (const node of nodes) hosts.set(node.host, [...(hosts.get(node.host) ?? []), node]);
  const queues = [...hosts.values()];
  const order: T[] = [];
  for (let turn = 0; order.length < nodes.length; turn++) {
    for (const queue of queues) if (turn < queue.length) order.push(queue[turn]!);
  }
  return order;
}

/**
 * Gives each seat (a replica's place at a primary) a node, by augmenting paths: as many as possible on another host than
 * their primary, the rest where there is room.
 */
function seat<T extends Candidate>(nodes: readonly T[], seats: readonly number[], primaries: readonly T[]): T[] {
  const seatOf = new Map<T, number>();
  const holder: (T | undefined)[] = seats.map(() => undefined);
  const suits = (node: T, at: number) => node.host !== primaries[seats[at]!]!.host;
  const place = (node: T, tried: Set<number>): boolean => {
    for (const at of seats.keys()) {
      if (tried.has(at) || !suits(node, at)) continue;
      tried.add(at);
      const before = holder[at];
      if (before !== undefined && !place(before, tried)) continue;
      holder[at] = node;
      seatOf.set(node, at);
      return true;
    }
    return false;
  };
  const left = nodes.filter((node) => !place(node, new Set()));
  return holder.map((node) => node ?? left.shift()!);
}

/** Exchanges replicas as long as that makes fewer of them share a host with another of their shard. */
function separate<T extends Candidate>(seated: T[], seats: readonly number[], primaries: readonly T[]): void {
  const cost = (shard: number) => {
    const hosts = seated.filter((_, at) => seats[at] === shard).map((node) => node.host);
    const withPrimary = hosts.filter((host) => host === primaries[shard]!.host).length;
    // One that falls together with its primary weighs more than any number of replicas that fall together.
    return withPrimary * 1_000_000 + hosts.length - new Set(hosts).size;
  };
  for (let better = true; better; ) {
    better = false;
    for (let a = 0; a < seated.length; a++) {
      for (let b = a + 1; b < seated.length; b++) {
        const [x, y] = [seats[a]!, seats[b]!];
        if (x === y || seated[a]!.host === seated[b]!.host) continue;
        const before = cost(x) + cost(y);
        [seated[a], seated[b]] = [seated[b]!, seated[a]!];
        if (cost(x) + cost(y) < before) better = true;
        else [seated[a], seated[b]] = [seated[b]!, seated[a]!];
      }
    }
  }
}

function warningsOf<T extends Candidate>({ primary, replicas }: { primary: T; replicas: readonly T[] }): string[] {
  const beside = replicas.filter((replica) => replica.host === primary.host);
  return beside.map(({ name }) => `${name} stands on the same host as its primary ${primary.name}`);
}
