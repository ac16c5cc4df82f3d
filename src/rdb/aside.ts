import type { RdbWriter } from "./writer.ts";

/** What is written now and stands later in the file. */
export class Aside {
  readonly writer: RdbWriter;
  /** Full chunks, from `#next` on those that are not in the file yet. */
  #chunks: Uint8Array[] = [];
  #next = 0;

  constructor(main: RdbWriter) {
    this.writer = main.aside((chunk) => this.#chunks.push(chunk));
  }

  /** Its place in the file has come: adds so many chunks; true when that was all. */
  addTo(main: RdbWriter, chunks: number): boolean {
    for (; chunks > 0; chunks--) {
      if (this.#next === this.#chunks.length) this.writer.output.flush();
      if (this.#next === this.#chunks.length) {
        main.goOnBehind(this.writer);
        return true;
      }
      const chunk = this.#chunks[this.#next]!;
      main.output.raw(chunk, 0, chunk.length);
      this.writer.output.recycle(chunk);
      this.#chunks[this.#next++] = NOTHING;
    }
    return false;
  }
}

const NOTHING = new Uint8Array(0);
