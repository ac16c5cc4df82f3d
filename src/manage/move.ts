/**
 * Moves slots as redis-cli does, between nodes of any engine: the slot is opened at both ends, its keys go by MIGRATE in
 * batches, then the new owner is told, the old one, and all others. Between two batches everything is as the clients expect it:
 * who asks the old owner for a key that has left is sent on by ASK.
 */
import type { Word } from "../client/connection.ts";
import { sleepOn } from "./clock.ts";
import { countKeys } from "./key-places.ts";
import { type Links, NodeError } from "./links.ts";
import { type Member, primariesOf, type Survey } from "./survey.ts";

export interface MoveOptions {
  /** Keys a MIGRATE; the source serves nobody while one runs. */
  readonly batch: number;
  /** The MIGRATE's own. */
  readonly timeoutMs: number;
  /** A key that the target has already with another value is overwritten. */
  readonly replace: boolean;
  /** Even between nodes that know nines' own way. */
  readonly byMigrate: boolean;
}

export const defaultMoveOptions: MoveOptions = { batch: 32, timeoutMs: 60_000, replace: false, byMigrate: false };

/** A key that lies at both ends with different values: which one is right is the operator's to say. */
export class KeyConflict extends Error {
  override readonly name = "KeyConflict";
}

const ATTEMPTS = 4;
/** A node that has just joined takes nothing for a while, as redis-server does for two seconds or more. */
const JOINING_MS = 10_000;
const JOINING_STEP_MS = 200;

export class Mover {
  readonly #links: Links;
  readonly #survey: Survey;
  readonly #options: MoveOptions;
  readonly #onKeys: (count: number) => void;
  /** Targets that want no password although we were given one, and that take it for an error in a MIGRATE. */
  readonly #open = new Set<string>();

  constructor(links: Links, survey: Survey, options: MoveOptions, onKeys: (count: number) => void = () => {}) {
    this.#links = links;
    this.#survey = survey;
    this.#options = options;
    this.#onKeys = onKeys;
  }

  /**
   * Slots of one node, with all their keys, to another. A step is taken for all of them at once: the nodes save their state
   * once a step, and that, not the keys, is what takes time where there are few.
   * @throws NodeError, KeyConflict  the slots may then be open, and `fix` ends their move
   */
  async move(slots: readonly number[], from: string, to: string): Promise<void> {
    const [source, target] = [this.#member(from), this.#member(to)];
    // The target first: a client that is sent on by ASK must find it open.
    await this.#setSlots(slots, target, "IMPORTING", from);
    await this.#setSlots(slots, source, "MIGRATING", to);
    // From here on no new key comes into being at the source, so who has none now is done.
    const counts = await countKeys(this.#links, source, slots);
    for (const [i, slot] of slots.entries()) if (counts[i]! > 0) await this.sendKeys(slot, source, target);
    await this.#assign(slots, source, target);
  }

  async #setSlots(slots: readonly number[], node: Member, state: string, id: string): Promise<void> {
    const asked = slots.map((slot) => this.#links.ask(node, "CLUSTER", "SETSLOT", slot, state, id));
    // All of them are heard out, so that nothing is on its way any more when the first failure is told.
    for (const result of await Promise.allSettled(asked)) if (result.status === "rejected") throw result.reason;
  }

  /** The keys of a slot that one node has and another is to have. */
  async sendKeys(slot: number, source: Member, target: Member): Promise<void> {
    for (;;) {
      const reply = await this.#links.ask(source, "CLUSTER", "GETKEYSINSLOT", slot, this.#options.batch);
      const keys = reply as Buffer[];
      if (keys.length === 0) return;
      await this.#sendBatch(slot, keys, source, target);
      this.#onKeys(keys.length);
    }
  }

  /** The slots themselves: first their new owner, so that they are never without one. */
  async #assign(slots: readonly number[], source: Member, target: Member): Promise<void> {
    await this.#tellOwner(slots, target, target);
    try {
      await this.#tellOwner(slots, source, target);
    } catch (error) {
      if (!(error instanceof NodeError && error.refused && isOvertaken(error))) throw error;
    }
    const others = primariesOf(this.#survey).filter((node) => node.id !== source.id && node.id !== target.id);
    // For the others it is a courtesy, which spares their clients a redirection: the new owner's next ping tells them too.
    await Promise.all(others.map((node) => this.#tellOwner(slots, node, target).catch(() => {})));
  }

  #tellOwner(slots: readonly number[], node: Member, owner: Member): Promise<void> {
    return this.#setSlots(slots, node, "NODE", owner.id);
  }

  async #sendBatch(slot: number, keys: readonly Buffer[], source: Member, target: Member): Promise<void> {
    const { clock } = this.#links.io;
    const until = clock.now() + JOINING_MS;
    let replace = this.#options.replace;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#migrate(keys, replace, source, target);
        return;
      } catch (error) {
        if (!(error instanceof NodeError) || !error.refused) throw error;
        const { message } = error;
        if (message.includes("without any password configured") && !this.#open.has(target.id)) {
          this.#open.add(target.id);
          attempt--;
        } else if (message.includes("BUSYKEY") && !replace) {
          await this.#refuseConflict(slot, keys, source, target);
          replace = true;
        } else if (message.includes("CLUSTERDOWN") && clock.now() < until) {
          attempt--;
          await sleepOn(clock, JOINING_STEP_MS);
        } else if (attempt < ATTEMPTS && (error.code === "IOERR" || error.code === "TRYAGAIN")) {
          // What arrived before the connection broke is at both ends. The source serves such a key, so its value counts.
          replace ||= error.code === "IOERR";
          await sleepOn(clock, 200 * attempt);
        } else throw error;
      }
    }
  }

  #migrate(keys: readonly Buffer[], replace: boolean, source: Member, target: Member): Promise<unknown> {
    const { username, password } = this.#links.access;
    const { timeoutMs } = this.#options;
    const { host, port } = source.addresses.get(target.id) ?? target;
    const words: Word[] = ["MIGRATE", host, port, "", 0, timeoutMs];
    if (replace) words.push("REPLACE");
    if (password !== undefined && !this.#open.has(target.id))
      words.push(...(username ? ["AUTH2", username, password] : ["AUTH", password]));
    return this.#links.askWithin(timeoutMs * 2 + 5_000, source, ...words, "KEYS", ...keys);
  }

  /** @throws KeyConflict  if one of the keys has another value at the target */
  async #refuseConflict(slot: number, keys: readonly Buffer[], source: Member, target: Member): Promise<void> {
    for (const key of keys) {
      const [here, there] = await Promise.all([
        this.#fingerprint(source, key, slot),
        this.#fingerprint(target, key, slot),
      ]);
      if (here === null || there === null || here === there) continue;
      const name = JSON.stringify(key.toString());
      const where = `at ${source.host}:${source.port} and, with another value, at ${target.host}:${target.port}`;
      throw new KeyConflict(`key ${name} of slot ${slot} lies ${where}; with --replace the former is kept`);
    }
  }

  /** The same for equal values: DEBUG's digest where it is allowed, else the value's portable form. */
  async #fingerprint(node: Member, key: Buffer, slot: number): Promise<string | null> {
    try {
      const [digest] = (await this.#links.ask(node, "DEBUG", "DIGEST-VALUE", key)) as Buffer[];
      const text = String(digest);
      return /^0+$/.test(text) ? null : text;
    } catch (error) {
      if (!(error instanceof NodeError) || !error.refused) throw error;
    }
    // ASKING lets us read at a node that only imports the slot; it counts for the request right behind it.
    const asking = this.#links.ask(node, "ASKING");
    const dumped = this.#links.ask(node, "DUMP", key);
    await asking;
    const payload = (await dumped) as Buffer | null;
    if (payload === null) return null;
    if (!Buffer.isBuffer(payload)) throw new Error(`slot ${slot}: DUMP gave no payload`);
    return payload.subarray(0, -10).toString("base64");
  }

  #member(id: string): Member {
    const member = this.#survey.members.find((other) => other.id === id);
    if (member === undefined) throw new Error(`the node ${id} does not answer`);
    return member;
  }
}

/** The old owner has heard of the new one already, and, its last slot gone, has become its replica. */
function isOvertaken({ message }: NodeError): boolean {
  return /SETSLOT only with (masters|primaries)/i.test(message);
}
