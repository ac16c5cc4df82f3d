/** What went wrong, from when to when: whether a failover had a cause is judged by this. */

export type TroubleKind = "dead" | "stopped" | "cut" | "slow" | "storm" | "clock" | "asked";

export interface Trouble {
  readonly kind: TroubleKind;
  /** A node's name; "from>to" for a cut; an address for a slow machine. */
  readonly about: string;
  readonly from: number;
  /** Infinity while it lasts. */
  to: number;
}

export class Troubles {
  readonly all: Trouble[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  begin(kind: TroubleKind, about: string): void {
    if (this.current(kind, about)) return;
    this.all.push({ kind, about, from: this.#now(), to: Number.POSITIVE_INFINITY });
  }

  end(kind: TroubleKind, about: string): void {
    const trouble = this.current(kind, about);
    if (trouble) trouble.to = this.#now();
  }

  endAll(kind: TroubleKind): void {
    for (const trouble of this.all)
      if (trouble.kind === kind && trouble.to === Number.POSITIVE_INFINITY) trouble.to = this.#now();
  }

  /** Something that takes no time. */
  pass(kind: TroubleKind, about: string): void {
    this.all.push({ kind, about, from: this.#now(), to: this.#now() });
  }

  current(kind: TroubleKind, about: string): Trouble | undefined {
    return this.all.find((one) => one.kind === kind && one.about === about && one.to === Number.POSITIVE_INFINITY);
  }

  /** Those of which a part lies between these moments. */
  *between(from: number, to: number): Iterable<Trouble> {
    for (const trouble of this.all) if (trouble.from <= to && trouble.to >= from) yield trouble;
  }
}
