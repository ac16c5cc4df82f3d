/** A whole cluster inside of your process: shards of a primary with replicas, on Redis' cluster bus, up in less than a second. */
import { slotShare } from "../base/hash-slot.ts";
import { NodeFlag } from "../cluster/messages.ts";
import { changeSlots, meet, replicate, setConfigEpoch } from "../cluster/orders.ts";
import type { ClusterShell } from "../cluster/shell.ts";
import type { Clock } from "../io/io.ts";
import { EmbeddedGroup, EmbeddedNode, guarded, type NodeOptions } from "./embedded.ts";
import { checkOptions } from "./embedded-options.ts";

export interface ClusterOptions extends NodeOptions {
  /** Primaries, who share the slots. Default 3, which is the least with which a failure can be agreed on. */
  readonly shards?: number;
  /** Of each primary. Default 1. */
  readonly replicas?: number;
  /** `cluster-node-timeout`: default 2000. A node whose process is gone is noticed at once. */
  readonly nodeTimeoutMs?: number;
}

/** Nodes that share the slots. Who is primary may change: `primaries` and `primaryOf` look afresh. */
export class EmbeddedCluster extends EmbeddedGroup {
  constructor(clock: Clock | undefined) {
    super("", clock);
  }

  /** For a client's list of nodes. */
  get addresses(): { host: string; port: number }[] {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  /** The running nodes that own slots, in the eyes of a majority: what they say of themselves counts. */
  get primaries(): EmbeddedNode[] {
    return this.nodes.filter((node) => node.state === "running" && shellOf(node).state.myself.votes);
  }

  /** The running node that owns the slot. */
  primaryOf(slot: number): EmbeddedNode {
    const owners = this.primaries.filter((node) => shellOf(node).state.myself.slots.has(slot));
    if (owners.length === 0) throw new Error(`nobody serves slot ${slot} now`);
    return owners.reduce((a, b) => (epochOf(a) > epochOf(b) ? a : b));
  }

  /** Whether all running nodes serve, every slot has an owner that runs, and its replicas are in step. */
  get isWhole(): boolean {
    const running = this.nodes.filter((node) => node.state === "running");
    const living = new Set(running.map((node) => shellOf(node).state.myself.id));
    return running.every((node) => {
      const { ok, owners, myself } = shellOf(node).state;
      const inStep = myself.isPrimary || node.server.replication!.linkUp;
      return ok && inStep && owners.every((owner) => owner !== null && living.has(owner.id));
    });
  }

  async addNodes(shards: number, replicas: number, options: ClusterOptions): Promise<void> {
    const config = {
      "repl-diskless-sync-delay": 0,
      "cluster-node-timeout": options.nodeTimeoutMs ?? 2000,
      ...options.config,
      "cluster-enabled": true,
    };
    for (let i = 0; i < shards * (1 + replicas); i++) {
      const port = i === 0 ? options.port : 0;
      this.nodes.push(await EmbeddedNode.start(this.world, `node-${i + 1}`, { ...options, port, config }));
    }
    for (const [i, node] of this.nodes.slice(0, shards).entries()) giveShare(node, i, shards);
    for (const [i, node] of this.nodes.entries()) for (const other of this.nodes.slice(0, i)) acquaint(node, other);
    await this.until(() => this.nodes.every((node) => knowsAll(node, this.nodes.length)), "the nodes know each other");
    for (const [i, node] of this.nodes.slice(shards).entries()) {
      const primary = shellOf(this.nodes[i % shards]!).state.myself.id;
      shellOf(node).change((s) => replicate(s, primary));
    }
    await this.until(() => this.isWhole, "the cluster serves");
  }
}

function shellOf({ server }: EmbeddedNode): ClusterShell {
  return server.cluster!.shell;
}

function epochOf(node: EmbeddedNode): number {
  return shellOf(node).state.myself.configEpoch;
}

function giveShare(node: EmbeddedNode, index: number, shards: number): void {
  const [first, last] = slotShare(index, shards);
  shellOf(node).change((s) => {
    const slots = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    changeSlots(s, slots, true);
    setConfigEpoch(s, index + 1);
  });
}

function acquaint(node: EmbeddedNode, other: EmbeddedNode): void {
  const { port, busPort } = shellOf(other).state.myself.address;
  shellOf(node).change((s) => meet(s, other.host, port, busPort));
}

function knowsAll(node: EmbeddedNode, count: number): boolean {
  const { nodes } = shellOf(node).state;
  return nodes.size === count && [...nodes.values()].every((known) => !known.is(NodeFlag.handshake));
}

/**
 * A cluster.
 * @example
 * await using cluster = await startCluster();
 * const client = new Cluster(cluster.addresses);
 * await cluster.primaryOf(0).kill();
 */
export async function startCluster(options: ClusterOptions = {}): Promise<EmbeddedCluster> {
  checkOptions("startCluster", options);
  const cluster = new EmbeddedCluster(options.clock);
  return guarded(cluster, () => cluster.addNodes(options.shards ?? 3, options.replicas ?? 1, options));
}
