/** `notify-keyspace-events`: what happens to keys, published on `__keyspace@n__:key` and `__keyevent@n__:event`. */
import { Slice } from "../base/bytes.ts";
import type { KeyEvent } from "../commands/call.ts";
import { LONGEST_TEXT } from "./key-name.ts";
import type { PubSub } from "./pubsub.ts";

export class KeyspaceEvents {
  /** The letters of the directive, "A" spelled out; empty when nobody is told. */
  #letters = "";
  /** Nobody is told for the moment: what happens is not for those who can ask us. */
  muted = false;
  #keyspace = false;
  #keyevent = false;
  readonly #pubsub: PubSub;
  readonly #message = new Slice();

  constructor(pubsub: PubSub) {
    this.#pubsub = pubsub;
  }

  /** @param letters  the directive's value */
  configure(letters: string): void {
    this.#keyspace = letters.includes("K");
    this.#keyevent = letters.includes("E");
    // "A" stands for all but "m" (misses) and "n" (new keys).
    this.#letters = this.#keyspace || this.#keyevent ? letters.replace("A", "g$lshzxetd") : "";
  }

  get silent(): boolean {
    return this.muted || this.#letters === "";
  }

  notify(event: KeyEvent, key: Slice, dbIndex: number): void {
    if (this.muted || !this.#letters.includes(event.class)) return;
    const name = Buffer.from(event.name);
    // No channel has a longer name.
    if (this.#keyspace && key.length <= LONGEST_TEXT)
      this.#pubsub.publish(`__keyspace@${dbIndex}__:${key.latin1()}`, this.#message.set(name, 0, name.length));
    if (this.#keyevent) this.#pubsub.publish(`__keyevent@${dbIndex}__:${event.name}`, key);
  }
}
