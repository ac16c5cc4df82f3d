/** What a test has to put away when it is over: all of it, the last first, even where some of that fails. */
export class Ends implements AsyncDisposable {
  readonly #ends: (() => unknown)[] = [];

  get count(): number {
    return this.#ends.length;
  }

  add(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** @throws  the first error, when everything has been tried */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
