/**
 * All connections, by id. Not a `Map`: whenever one has seen many come and go it moves to new memory, and what it leaves behind holds
 * all who were there until a full collection. Here who has gone is known to nobody.
 */
import type { Connection } from "./connection.ts";

/** So many places of those who have gone are of no interest. */
const FEW = 64;

export class ConnectionList {
  /** Ascending, and who has it; null for one who has gone. */
  readonly #ids: number[] = [];
  readonly #connections: (Connection | null)[] = [];
  #gone = 0;

  get size(): number {
    return this.#ids.length - this.#gone;
  }

  get(id: number): Connection | undefined {
    return this.#connections[this.#find(id)] ?? undefined;
  }

  /** In the order of their ids. Some may go meanwhile. */
  *values(): Generator<Connection> {
    for (let i = 0; i < this.#connections.length; i++) {
      const connection = this.#connections[i];
      if (connection) yield connection;
    }
  }

  /** One with a higher id than all before. */
  add(connection: Connection): void {
    if (this.#gone > FEW && this.#gone > this.size) this.#closeUp();
    this.#ids.push(connection.id);
    this.#connections.push(connection);
  }

  delete(id: number): void {
    const at = this.#find(id);
    if (at < 0 || this.#connections[at] === null) return;
    this.#connections[at] = null;
    this.#gone++;
  }

  #find(id: number): number {
    let low = 0;
    let high = this.#ids.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#ids[middle]!;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #closeUp(): void {
    let kept = 0;
    for (let i = 0; i < this.#ids.length; i++) {
      const connection = this.#connections[i]!;
      if (connection === null) continue;
      this.#ids[kept] = this.#ids[i]!;
      this.#connections[kept] = connection;
      kept++;
    }
    this.#ids.length = kept;
    // Not cut at once: that, too, would leave the rest behind.
    this.#connections.fill(null, kept);
    this.#connections.length = kept;
    this.#gone = 0;
  }
}
