import type { RdbWriter } from "./writer.ts";

/** What is written now and stands later in the file. */
export class Aside {
  readonly writer: RdbWriter;
  readonly #chunks: Uint8Array[] = [];

  constructor(main: RdbWriter) {
    this.writer = main.aside((chunk) => this.#chunks.push(chunk));
  }

  /** Its place in the file has come. */
  addTo(main: RdbWriter): void {
    this.writer.output.flush();
    main.append(this.writer, this.#chunks);
    this.#chunks.length = 0;
  }
}
