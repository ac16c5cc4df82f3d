/** Clusters of whole servers for tests: processes of nines or of the real redis-server, formed by CLUSTER alone. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Cluster, type ClusterOptions } from "ioredis";
import { slotShare } from "../../src/base/hash-slot.ts";
import { Ends } from "../ends.ts";
import { until } from "../until.ts";
import { type Kind, Node } from "./node.ts";

export type { Kind, Node } from "./node.ts";

const run = promisify(execFile);

export class Nodes implements AsyncDisposable {
  readonly all: Node[] = [];
  readonly #ends = new Ends();

  static async start(...kinds: Kind[]): Promise<Nodes> {
    return Nodes.startWith([], ...kinds);
  }

  static async startWith(directives: readonly string[], ...kinds: Kind[]): Promise<Nodes> {
    const nodes = new Nodes();
    try {
      for (const kind of kinds) await nodes.#add(kind, directives);
      await Promise.all(nodes.all.map((node) => node.start()));
      return nodes;
    } catch (error) {
      await nodes[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #add(kind: Kind, directives: readonly string[]): Promise<void> {
    const node = await Node.make(kind, directives);
    this.#ends.add(() => node[Symbol.asyncDispose]());
    this.all.push(node);
  }

  /** One that follows redirects, and lives as long as the nodes do. */
  client(options: ClusterOptions = {}): Cluster {
    const client = new Cluster(
      this.all.map(({ host, port }) => ({ host, port })),
      options,
    );
    client.on("error", () => {});
    this.#ends.add(() => client.disconnect());
    return client;
  }

  /** By our own commands: the first of them own the slots, the others follow them in turn. */
  async form(primaries: number): Promise<void> {
    const [first, ...others] = this.all;
    for (const [i, node] of this.all.slice(0, primaries).entries()) {
      await node.connection.call("CLUSTER", "ADDSLOTSRANGE", ...slotShare(i, primaries));
      await node.connection.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
    }
    for (const node of others) await node.connection.call("CLUSTER", "MEET", "127.0.0.1", first!.port, first!.busPort);
    for (const [i, node] of this.all.slice(primaries).entries()) {
      const id = await this.all[i % primaries]!.id();
      await until(
        "it may follow",
        async () => (await node.connection.call("CLUSTER", "REPLICATE", id).catch(() => "")) === "OK",
      );
    }
    await this.settled(this.all);
  }

  /** All of them serve, are connected, agree on who has which slots, and every replica has its primary's data. */
  async settled(nodes: readonly Node[]): Promise<void> {
    await until("the cluster serves", async () => {
      const states = await Promise.all(nodes.map((node) => node.field("CLUSTER INFO", "cluster_state")));
      const links = await Promise.all(nodes.map((node) => node.field("INFO replication", "master_link_status")));
      const known = await Promise.all(nodes.map((node) => node.field("CLUSTER INFO", "cluster_slots_ok")));
      const acquainted = await Promise.all(nodes.map((node) => node.field("CLUSTER INFO", "cluster_known_nodes")));
      const maps = await Promise.all(nodes.map((node) => slotMap(node, nodes)));
      return (
        new Set(maps).size === 1 &&
        acquainted.every((count) => count === `${this.all.length}`) &&
        states.every((state) => state === "ok") &&
        links.every((link) => link !== "down") &&
        known.every((slots) => slots === "16384")
      );
    });
  }

  /** Slots of one primary become another's, by redis-cli: SETSLOT and MIGRATE. */
  async reshard(from: Node, to: Node, slots: number): Promise<void> {
    const [source, target] = [await from.id(), await to.id()];
    const ends = ["--cluster-from", source, "--cluster-to", target, "--cluster-slots", `${slots}`, "--cluster-yes"];
    await redisCli("--cluster", "reshard", from.name, ...ends);
  }

  /** The first slots of all become another's, by CLUSTER MIGRATE, which only nines knows. */
  async migrate(from: Node, to: Node, slots: number): Promise<void> {
    const name = await from.connection.call("CLUSTER", "MIGRATE", "SLOTS", `0-${slots - 1}`, "TO", await to.id());
    await until("the slots have moved", async () => {
      const [status] = (await from.connection.call("CLUSTER", "MIGRATE", "STATUS", String(name))) as unknown[];
      assert.doesNotMatch(String(status), /failed|cancelled/);
      return /success/.test(String(status));
    });
  }

  /** CLUSTER FAILOVER on a replica, until it is the primary. */
  async failOver(replica: Node, ...how: string[]): Promise<void> {
    await replica.call("CLUSTER", "FAILOVER", ...how);
    await until("it is primary", async () => (await replica.field("INFO replication", "role")) === "master");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends[Symbol.asyncDispose]();
  }
}

/**
 * Who has which slots, as this node sees it; what it says of moves that are under way is its own affair.
 * @throws  where it is not connected to one of the others
 */
async function slotMap(node: Node, nodes: readonly Node[]): Promise<string> {
  const owners: string[] = [];
  for (const line of String(await node.call("CLUSTER", "NODES"))
    .trimEnd()
    .split("\n")) {
    const words = line.split(" ");
    if (words[7] === "disconnected" && nodes.some(({ name }) => words[1]!.startsWith(`${name}@`)))
      throw new Error(`${node.name} is not connected to ${words[1]}`);
    const slots = words.slice(8).filter((word) => !word.startsWith("["));
    if (slots.length > 0) owners.push(`${words[0]} ${slots.join(" ")}`);
  }
  return owners.sort().join("\n");
}

export async function redisCli(...words: string[]): Promise<string> {
  try {
    return (await run("redis-cli", words, { timeout: 60_000 })).stdout;
  } catch (error) {
    throw new Error(`redis-cli ${words.join(" ")}: ${(error as { stdout?: string }).stdout ?? error}`);
  }
}

export { until };
