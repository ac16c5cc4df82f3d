/**
 * Through the nodes of a large stream, as they were when the walk began. They have an order, so one that is about to change
 * cannot be handed out ahead of its turn: it is copied, and the copy is handed out when its turn comes.
 */
import type { Arena } from "../../memory/arena.ts";
import { RefPlaces } from "../../memory/ref-places.ts";
import { NOBODY, type PartVisitor, type ValueWalk } from "../value-walk.ts";
import { StreamId } from "./id.ts";
import { StreamNode } from "./node.ts";
import type { NodeList } from "./node-list.ts";

/** Fewer nodes than this are not worth a walk. */
const LARGE_NODES = 16;
/** So many bytes take as long as an element of another type. */
const BYTES_AN_ELEMENT = 256;
/** What a call of the visitor's `tail` counts as, in elements. */
const TAIL_EFFORT = 100;

/** Bytes of the ID that stands before the listpack in what a visitor is given. */
export const NODE_ID_BYTES = 16;

export class StreamWalk implements ValueWalk {
  readonly parts: number;
  readonly table = 0;
  visitor: PartVisitor = NOBODY;
  readonly #node: StreamNode;
  /** The nodes that there were. */
  readonly #refs: Int32Array;
  readonly #places: RefPlaces;
  /** Of those that were not handed out yet, by place: what they were. */
  readonly #copies = new Map<number, Uint8Array>();
  readonly #id = new StreamId();
  #scratch = new Uint8Array(4096 + NODE_ID_BYTES);
  #next = 0;
  #isWhole = false;

  constructor(arena: Arena, nodes: NodeList) {
    this.parts = nodes.count;
    this.#node = new StreamNode(arena);
    this.#refs = new Int32Array(this.parts);
    let index = 0;
    for (let ref = nodes.first; ref !== 0; ref = nodes.next(ref)) this.#refs[index++] = ref;
    this.#places = new RefPlaces(this.#refs);
  }

  /** @returns  null for a stream that is not large */
  static of(arena: Arena, nodes: NodeList): StreamWalk | null {
    return nodes.count < LARGE_NODES ? null : new StreamWalk(arena, nodes);
  }

  step(budget: number): boolean {
    let left = budget;
    while (left > 0 && this.#next < this.parts) {
      const place = this.#next++;
      const copy = this.#copies.get(place);
      const length = copy === undefined ? this.#pack(this.#refs[place]!) : copy.length;
      this.#copies.delete(place);
      this.visitor.node(copy ?? this.#scratch, 0, length, 1);
      left -= length / BYTES_AN_ELEMENT;
    }
    // The groups come behind the nodes.
    for (; left > 0 && !this.#isWhole; left -= TAIL_EFFORT) this.#isWhole = !(this.visitor.tail?.() ?? false);
    return !this.#isWhole;
  }

  beforeChange(ref: number): void {
    const place = this.#places.of(ref);
    if (place < this.#next || this.#copies.has(place)) return;
    this.#copies.set(place, this.#scratch.slice(0, this.#pack(ref)));
  }

  /** Puts ID and listpack into the scratch space; returns how long they are. */
  #pack(ref: number): number {
    const { bytes, base, size } = this.#node.at(ref);
    const length = NODE_ID_BYTES + size;
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(Math.max(length, this.#scratch.length * 2));
    this.#node.id(this.#id).writeBytes(this.#scratch, 0);
    this.#scratch.set(new Uint8Array(bytes.buffer, bytes.byteOffset + base, size), NODE_ID_BYTES);
    return length;
  }
}
