/**
 * One script for clients of two small clusters, one of nines and one of the real redis-server: each has the primaries `a` and `b`
 * and `c`, which follows `a`. A step is `x@a: GET foo`: the client `x`, connected to `a` (`x@a/3` with RESP3), sends that; it
 * is over when the client has its reply, or waits. `<a>` stands for the id of a node, `<a.port>` and `<a.bus>` for its ports.
 * Further steps: `x knows TEXT` (or `-TEXT`: not), which waits for it in the CLUSTER NODES of its node, `x hears`, which tells all that
 * came to `x` meanwhile, `a is MASTER|SLAVE`, `a fails`, `a serves`, and `all ok`: they serve, and agree on who has which slots.
 */
import assert from "node:assert/strict";
import { splitWords } from "../../src/base/words.ts";
import { type Kind, type Node, Nodes, until } from "../cluster/nodes.ts";
import { RespClient } from "../server/resp-client.ts";

interface Client {
  readonly node: string;
  readonly connection: RespClient;
  readonly id: string;
  /** What it asked for last can wait for keys: other commands are answered, however long that takes. */
  mayWait: boolean;
}

const NAMES = ["a", "b", "c"] as const;
const SETTLED_WITHIN_MS = 20_000;
/** How long something that nobody waits for may be on its way. */
const HEARD_WITHIN_MS = 1500;

export class Stage implements AsyncDisposable {
  readonly #nodes: Nodes;
  readonly #byName = new Map<string, Node>();
  readonly #ids = new Map<string, string>();
  #watchers = new Map<string, RespClient>();
  #clients = new Map<string, Client>();

  private constructor(nodes: Nodes) {
    this.#nodes = nodes;
    for (const [i, name] of NAMES.entries()) this.#byName.set(name, nodes.all[i]!);
  }

  static async start(kind: Kind, directives: readonly string[]): Promise<Stage> {
    const nodes = await Nodes.startWith(directives, kind, kind, kind);
    try {
      await nodes.form(2);
      const stage = new Stage(nodes);
      for (const [name, node] of stage.#byName) stage.#ids.set(name, await node.id());
      await stage.#showsReplica();
      return stage;
    } catch (error) {
      await nodes[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A replica that has nothing yet, not even a sign of life, counts as one that loads, and is not shown to clients. */
  async #showsReplica(): Promise<void> {
    await this.#byName.get("a")!.call("SET", "b", "x");
    await this.#byName.get("a")!.call("DEL", "b");
    for (const node of this.#byName.values())
      await until("all show the replica", async () =>
        JSON.stringify(await node.call("CLUSTER", "SLOTS")).includes(this.#ids.get("c")!),
      );
  }

  async play(script: readonly string[]): Promise<string[]> {
    const lines: string[] = [];
    try {
      for (const [name, { port }] of this.#byName) this.#watchers.set(name, await RespClient.connect(port));
      for (const step of script) {
        lines.push(step);
        for (const line of await this.#step(step)) lines.push(`  ${this.#mask(line)}`);
      }
    } finally {
      for (const { connection } of this.#clients.values()) await connection.quit();
      for (const watcher of this.#watchers.values()) await watcher.quit();
      this.#clients = new Map();
      this.#watchers = new Map();
    }
    return lines;
  }

  async #step(step: string): Promise<string[]> {
    const [, name, node, protocol, command] = /^(\w+)@([abc])(\/3)?: (.*)$/.exec(step) ?? [];
    if (name !== undefined) return this.#send(name, node!, protocol === "/3" ? 3 : 2, command!);
    const words = step.split(" ");
    if (words[1] === "hears") return this.#hear(this.#clients.get(words[0]!)!);
    if (words[1] === "knows") {
      const [, not, text] = /^(-?)(.*)$/.exec(words[2]!)!;
      const { node } = this.#clients.get(words[0]!)!;
      await until(step, async () => {
        const nodes = String(await this.#byName.get(node)!.connection.call("CLUSTER", "NODES"));
        return nodes.includes(text!) === (not === "");
      });
      return [];
    }
    if (words[1] === "is") {
      const role = words[2]!.toLowerCase();
      await until(step, async () => (await this.#byName.get(words[0]!)!.field("INFO replication", "role")) === role);
      return [];
    }
    if (words[1] === "fails" || words[1] === "serves") {
      const node = this.#byName.get(words[0]!)!;
      const state = words[1] === "fails" ? "fail" : "ok";
      await until(step, async () => (await node.field("CLUSTER INFO", "cluster_state")) === state);
      return [];
    }
    assert.equal(step, "all ok");
    await this.#nodes.settled(this.#nodes.all);
    return [];
  }

  async #send(name: string, node: string, protocol: 2 | 3, command: string): Promise<string[]> {
    let client = this.#clients.get(name);
    if (client === undefined) {
      const connection = await RespClient.connect(this.#byName.get(node)!.port, protocol);
      client = { node, connection, id: (await connection.do("CLIENT", "ID")).slice(1), mayWait: false };
      this.#clients.set(name, client);
    }
    assert.equal(client.node, node, `${name} is connected to ${client.node}`);
    client.connection.send(...splitWords(command)!.map((word) => this.#fill(word)));
    client.mayWait = /^B|BLOCK/.test(command);
    return this.#settle(client);
  }

  #fill(word: string): string {
    return word.replace(/<([abc])(?:\.(\w+))?>/g, (_, name, part) => {
      const node = this.#byName.get(name)!;
      return part === undefined ? this.#ids.get(name)! : String(part === "port" ? node.port : node.busPort);
    });
  }

  /** Until it has a reply or waits for a key; the reply. */
  async #settle(client: Client): Promise<string[]> {
    const { connection } = client;
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    while (connection.unread === "" && !connection.closed) {
      assert.ok(performance.now() < deadline, "a command is not answered, and its client does not wait");
      const list = client.mayWait ? await this.#watchers.get(client.node)!.do("CLIENT", "LIST", "ID", client.id) : "";
      if (/ flags=\w*b/.test(list)) return [];
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return [await connection.reply().catch((error: Error) => error.message)];
  }

  async #hear({ connection }: Client): Promise<string[]> {
    const heard: string[] = [];
    const deadline = performance.now() + HEARD_WITHIN_MS;
    while (connection.unread === "" && performance.now() < deadline && !connection.closed)
      await new Promise((resolve) => setTimeout(resolve, 5));
    // More may come right behind, of what the nodes still have to tell each other.
    for (let turns = 0; turns < 3; turns++) for (const watcher of this.#watchers.values()) await watcher.do("PING");
    await new Promise((resolve) => setTimeout(resolve, 50));
    while (connection.unread !== "") heard.push(await connection.reply());
    if (connection.closed) heard.push("closed");
    return heard;
  }

  #mask(text: string): string {
    for (const [name, { port, busPort }] of this.#byName) {
      text = text
        .replaceAll(this.#ids.get(name)!, `<${name}>`)
        .replaceAll(new RegExp(`\\b${port}\\b`, "g"), `<${name}.port>`)
        .replaceAll(new RegExp(`\\b${busPort}\\b`, "g"), `<${name}.bus>`);
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nodes[Symbol.asyncDispose]();
  }
}

/** Two clusters that get the same directives. */
export class BothClusters implements AsyncDisposable {
  private constructor(
    readonly ours: Stage,
    readonly theirs: Stage,
  ) {}

  static async start(directives: readonly string[] = []): Promise<BothClusters> {
    const starting = [Stage.start("nines", directives), Stage.start("redis", directives)] as const;
    try {
      const [ours, theirs] = await Promise.all(starting);
      return new BothClusters(ours, theirs);
    } catch (error) {
      for (const one of await Promise.allSettled(starting))
        if (one.status === "fulfilled") await one.value[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Plays it on both: they must answer alike, after `mask` has taken out what may differ. */
  async same(script: readonly string[], mask = (line: string) => line): Promise<void> {
    const [ours, theirs] = await Promise.all([this.ours.play(script), this.theirs.play(script)]);
    assert.equal(differences(ours, theirs, mask).join("\n"), "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.ours[Symbol.asyncDispose](), this.theirs[Symbol.asyncDispose]()]);
  }
}

/** The steps at which they differ, with what came of them at either. */
function differences(ours: readonly string[], theirs: readonly string[], mask: (line: string) => string): string[] {
  const [our, their] = [bySteps(ours), bySteps(theirs)];
  assert.equal(our.length, their.length);
  return our.flatMap(([step, ...replies], i) => {
    const [, ...others] = their[i]!;
    const [a, b] = [replies, others].map((all) =>
      all
        .map(mask)
        .filter((text) => text !== "")
        .join(" "),
    );
    return a === b ? [] : [`${i} ${step}: ${a}, theirs ${b}`];
  });
}

function bySteps(lines: readonly string[]): string[][] {
  const steps: string[][] = [];
  for (const line of lines) {
    if (line.startsWith("  ")) steps.at(-1)!.push(line.trim());
    else steps.push([line]);
  }
  return steps;
}
