/** Nodes of either engine, each a process of its own, that know nothing of each other. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { nodeIo } from "../../src/io/node-io.ts";
import { eventually } from "../../src/lab/world.ts";
import { createCluster, readNewNode } from "../../src/manage/create.ts";
import { isSound } from "../../src/manage/health.ts";
import { planLayout } from "../../src/manage/layout-plan.ts";
import { Links } from "../../src/manage/links.ts";
import { lookUntilSound } from "../../src/manage/look.ts";
import { Nodes as ClusterNodes, type Kind, type Node } from "../cluster/nodes.ts";
import { needsRedisCli } from "../peers.ts";

export type { Node } from "../cluster/nodes.ts";

export const io = nodeIo();
const run = promisify(execFile);

export class Nodes implements AsyncDisposable {
  readonly links = new Links(io);
  readonly #nodes: ClusterNodes;

  private constructor(nodes: ClusterNodes) {
    this.#nodes = nodes;
  }

  /** @param directives  words of their command lines */
  static async start(kinds: readonly Kind[], directives: readonly string[] = []): Promise<Nodes> {
    return new Nodes(await ClusterNodes.startWith(directives, ...kinds));
  }

  /** Made a cluster of primaries without replicas. */
  static async cluster(kinds: readonly Kind[]): Promise<Nodes> {
    const nodes = await Nodes.start(kinds);
    try {
      const news = await Promise.all(nodes.all.map((node) => readNewNode(nodes.links, node)));
      await createCluster(nodes.links, planLayout(news, 0), () => {});
      await nodes.sound();
      return nodes;
    } catch (error) {
      await nodes[Symbol.asyncDispose]();
      throw error;
    }
  }

  get all(): readonly Node[] {
    return this.#nodes.all;
  }

  async sound(): Promise<void> {
    const { findings } = await lookUntilSound(this.links, this.all[0]!, 15_000);
    assert.ok(isSound(findings), JSON.stringify(findings, null, 1));
  }

  /** What redis-cli thinks of it; where it is not installed, a line that says so. */
  async redisCliIsContent(t: TestContext): Promise<void> {
    const { skip } = needsRedisCli();
    if (skip !== undefined) return t.diagnostic(skip);
    let said = "";
    const content = await eventually(io.clock, 10_000, 200, async () => {
      const result = await run("redis-cli", ["--cluster", "check", this.all[0]!.name]).catch((error) => error);
      said = result.stdout;
      return result.code === undefined && !/\[ERR\]|\[WARNING\]/.test(said) ? true : undefined;
    });
    assert.ok(content, said);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.links.close();
    await this.#nodes[Symbol.asyncDispose]();
  }
}
