/** The fields and values of an entry that is to be added: taken from a request, packed once, in objects that are used again. */
import type { Slice } from "../../base/bytes.ts";
import { Element } from "../../memory/listpack-entry.ts";

/** As many elements are kept for the next entry. */
const KEPT = 1024;

export class EntryWords {
  /** Fields and values by turns; only the first `count` speak of this entry. */
  elements: Element[] = [];
  count = 0;
  /** The length of all of them as texts. */
  textBytes = 0;

  clear(): void {
    if (this.elements.length > KEPT) this.elements = [];
    this.count = 0;
    this.textBytes = 0;
  }

  /** Adds a field or a value, which is borrowed until the entry has been added. */
  push(text: Slice): void {
    if (this.count === this.elements.length) this.elements.push(new Element());
    this.elements[this.count++]!.set(text);
    this.textBytes += text.length;
  }
}
