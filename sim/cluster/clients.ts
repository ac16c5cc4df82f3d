/** A client of the cluster: writes numbered values, follows MOVED and ASK, and remembers what was acknowledged. */
import { refusalOf } from "../../src/cluster/routing.ts";
import type { Keys } from "./checkers/keys.ts";
import type { Member } from "./member.ts";
import type { ClusterWorld } from "./world.ts";

const ROUTING = { allowReadsWhenDown: false, allowPubsubShardWhenDown: false, preferredEndpoint: "ip" } as const;
const MAX_REDIRECTIONS = 5;
const PAUSE_MS = 7;
/** So many that most are not written again, which would hide that they were lost. */
const KEYS_A_SLOT = 200;

export class Client {
  readonly #world: ClusterWorld;
  readonly #keys: Keys;
  readonly #slots: readonly number[];
  #value = 0;
  #isOver = false;

  constructor(world: ClusterWorld, keys: Keys, slots: readonly number[]) {
    this.#world = world;
    this.#keys = keys;
    this.#slots = slots;
  }

  start(): void {
    if (this.#isOver) return;
    const { random } = this.#world;
    const slot = this.#slots[random.uint32() % this.#slots.length]!;
    this.#write(slot, `${slot}:${random.uint32() % KEYS_A_SLOT}`);
    this.#world.after(PAUSE_MS, () => this.start());
  }

  stop(): void {
    this.#isOver = true;
  }

  #write(slot: number, key: string): void {
    const { members, random } = this.#world;
    let member = members[random.uint32() % members.length]!;
    let asking = false;
    for (let i = 0; i < MAX_REDIRECTIONS && member.isUp; i++) {
      const next = this.#redirection(member, slot, key, asking);
      if (next === null) {
        if (member.isPaused) return;
        const value = ++this.#value;
        member.data.set(slot, key, value);
        member.changedData();
        if (member.isAcknowledged) this.#keys.acknowledge(slot, key, value);
        return;
      }
      const words = next.split(" ");
      const to = members[Number(words[2]?.split(":")[1]) - 7000];
      if (to === undefined) return;
      asking = words[0] === "ASK";
      member = to;
    }
  }

  #redirection({ state, data }: Member, slot: number, key: string, asking: boolean): string | null {
    const request = {
      slots: [slot],
      severalKeys: false,
      present: () => (data.get(slot, key) === undefined ? 0 : 1),
      writes: true,
      ofChannels: false,
      migrates: false,
      asking,
      readonly: false,
      tls: false,
    };
    return refusalOf(state, ROUTING, request)?.message ?? null;
  }
}
