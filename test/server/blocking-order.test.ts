/** Many clients that wait for lists, against a model of who is served when: what the first moves may serve others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { transcript } from "../differential/several.ts";
import { Seeded } from "../memory/random.ts";
import { withServer } from "./with-server.ts";

const CLIENTS = 24;
const KEYS = ["k1", "k2", "k3", "k4", "k5"];

interface Command {
  /** pop: from the first of `keys` that has something; move: from the only one to `to`; push: `values` behind `to`. */
  readonly kind: "pop" | "move" | "push" | "delete";
  readonly keys: readonly string[];
  readonly to: string;
  readonly values: readonly string[];
  readonly text: string;
}

class Model {
  readonly lists = new Map<string, string[]>();
  /** Who waits for a key, in the order of serving. */
  readonly queues = new Map<string, string[]>();
  readonly waiting = new Map<string, Command>();
  #changed: string[] = [];

  /** What the client does, and who is answered what by it. */
  run(client: string, command: Command): string[] {
    const replies = this.#try(client, command);
    while (this.#changed.length > 0) {
      const key = this.#changed.shift()!;
      for (const waiter of [...(this.queues.get(key) ?? [])]) {
        if (!this.lists.has(key)) break;
        const waits = this.waiting.get(waiter)!;
        this.#leave(waiter, waits);
        replies.push(...this.#try(waiter, waits));
      }
    }
    return replies.map((reply) => `  ${reply}`).sort();
  }

  #leave(client: string, command: Command): void {
    this.waiting.delete(client);
    for (const key of command.keys)
      this.queues.set(
        key,
        this.queues.get(key)!.filter((other) => other !== client),
      );
  }

  #try(client: string, command: Command): string[] {
    const { kind, keys, to, values } = command;
    if (kind === "push") return [`${client} :${this.#push(to, values)}`];
    if (kind === "delete") return [`${client} :${this.lists.delete(to) ? 1 : 0}`];
    const found = keys.find((key) => this.lists.has(key));
    if (found === undefined) {
      this.waiting.set(client, command);
      for (const key of new Set(keys)) this.queues.set(key, [...(this.queues.get(key) ?? []), client]);
      return [];
    }
    const list = this.lists.get(found)!;
    const value = list.shift()!;
    if (list.length === 0) this.lists.delete(found);
    if (kind === "pop") return [`${client} ["${found}", "${value}"]`];
    this.#push(to, [value]);
    return [`${client} "${value}"`];
  }

  #push(key: string, values: readonly string[]): number {
    const list = this.lists.get(key) ?? [];
    this.lists.set(key, list);
    list.push(...values);
    if (!this.#changed.includes(key)) this.#changed.push(key);
    return list.length;
  }
}

function anyWait(random: Seeded): Command {
  const key = () => KEYS[random.below(KEYS.length)]!;
  const dice = random.below(10);
  const to = key();
  if (dice < 5) {
    const keys = Array.from({ length: 1 + random.below(3) }, key);
    return { kind: "pop", keys, to, values: [], text: `BLPOP ${keys.join(" ")} 0` };
  }
  const from = key();
  return { kind: "move", keys: [from], to, values: [], text: `BLMOVE ${from} ${to} LEFT RIGHT 0` };
}

for (let seed = 1; seed <= 6; seed++)
  test(`who came first is served first (seed ${seed})`, () =>
    withServer(async ({ port }) => {
      const random = new Seeded(seed);
      const model = new Model();
      const script: string[] = [];
      const expected: string[] = [];
      let values = 0;
      const value = () => `v${values++}`;
      for (let i = 0; i < 250; i++) {
        let client = `c${random.below(CLIENTS)}`;
        let command: Command;
        const to = KEYS[random.below(KEYS.length)]!;
        if (random.below(3) > 0) command = anyWait(random);
        else {
          client = "p";
          const pushed = Array.from({ length: 1 + random.below(4) }, value);
          if (random.below(8) === 0) command = { kind: "delete", keys: [], to, values: [], text: `DEL ${to}` };
          else command = { kind: "push", keys: [], to, values: pushed, text: `RPUSH ${to} ${pushed.join(" ")}` };
        }
        if (model.waiting.has(client)) continue;
        script.push(`${client}: ${command.text}`);
        expected.push(`${client}: ${command.text}`, ...model.run(client, command));
      }
      assert.deepEqual(await transcript(port, 2, script), expected);
    }));
