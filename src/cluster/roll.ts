/**
 * The nodes without gaps between them, for picking by chance and walking, each with the time before which nothing has to be done
 * about it: of a thousand nodes a tick looks at the few whose time has come.
 */
import type { ClusterNode } from "./node.ts";

export class Roll {
  readonly nodes: ClusterNode[] = [];
  #due = new Float64Array(16);

  add(node: ClusterNode): void {
    node.place = this.nodes.push(node) - 1;
    if (this.nodes.length > this.#due.length) {
      const longer = new Float64Array(this.#due.length * 2);
      longer.set(this.#due);
      this.#due = longer;
    }
    this.#due[node.place] = 0;
  }

  /** The last one takes its place. */
  remove(node: ClusterNode): void {
    const last = this.nodes.pop();
    if (last === undefined) return;
    if (last !== node) {
      this.nodes[node.place] = last;
      this.#due[node.place] = this.#due[last.place]!;
      last.place = node.place;
    }
    node.place = -1;
  }

  /** It is looked at in the next tick. */
  attend(node: ClusterNode): void {
    if (node.place >= 0) this.#due[node.place] = 0;
  }

  attendAll(): void {
    this.#due.fill(0);
  }

  postpone(node: ClusterNode, until: number): void {
    if (node.place >= 0) this.#due[node.place] = until;
  }

  due(now: number): ClusterNode[] {
    const found: ClusterNode[] = [];
    const due = this.#due;
    for (let i = 0; i < this.nodes.length; i++) if (due[i]! <= now) found.push(this.nodes[i]!);
    return found;
  }
}
