/** The target's side of an atomic migration: decides when to give up, and whether it may take the slots. See `export.ts`. */
import type { MigrationTimes } from "./times.ts";

export type ImportState = "receiving" | "success" | "failed" | "cancelled";

export type ImportInput =
  | { readonly kind: "tick" }
  /** Something came from the source. */
  | { readonly kind: "heard" }
  /** And it was a part of the data. */
  | { readonly kind: "received" }
  /** All that came was applied, and the source is told so. */
  | { readonly kind: "ready" }
  /** The source gives the slots, under this epoch. */
  | { readonly kind: "given"; readonly epoch: number }
  | { readonly kind: "lost" }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "cancel" }
  | { readonly kind: "slotsChanged" };

export type ImportEffect =
  | { readonly kind: "take"; readonly epoch: number }
  /** The keys that came are seen from now on, by whoever asks us. */
  | { readonly kind: "reveal" }
  /** They are removed, unseen. */
  | { readonly kind: "discard" }
  | { readonly kind: "end"; readonly state: ImportState; readonly message: string };

export interface ImportFacts {
  /** Whether all of the slots are still the source's. */
  standing(): boolean;
  highestEpoch(): number;
}

export class ImportMachine {
  state: ImportState = "receiving";
  message = "";
  readonly #facts: ImportFacts;
  readonly #times: MigrationTimes;
  #heardAt: number;
  /** When we last said that we have everything; -1 if more came since. */
  #readyAt = -1;

  constructor(facts: ImportFacts, times: MigrationTimes, now: number) {
    this.#facts = facts;
    this.#times = times;
    this.#heardAt = now;
  }

  get isOver(): boolean {
    return this.state !== "receiving";
  }

  /** @param now  ms on a clock that never jumps, and that goes on while the process is stopped */
  step(input: ImportInput, now: number): ImportEffect[] {
    if (this.isOver) return [];
    switch (input.kind) {
      case "heard":
        this.#heardAt = now;
        return [];
      case "received":
        this.#heardAt = now;
        this.#readyAt = -1;
        return [];
      case "ready":
        this.#readyAt = now;
        return [];
      case "given":
        return this.#given(input.epoch, now);
      case "tick": {
        const { silence } = this.#times;
        if (now - this.#heardAt <= silence) return [];
        return this.#end("failed", `nothing came from the source for ${Math.round(silence / 1000)} s`);
      }
      case "lost":
        return this.#end("failed", "the connection to the source ended");
      case "broken":
        return this.#end("failed", input.why);
      case "cancel":
        return this.#end("cancelled", "cancelled by an operator");
      case "slotsChanged":
        return this.#facts.standing() ? [] : this.#end("failed", "the slots are not the source's any more");
    }
  }

  /** The source's word may have lain in our buffers while we were stopped: it has gone on without us by then. */
  #given(epoch: number, now: number): ImportEffect[] {
    if (this.#readyAt < 0) return this.#end("failed", "the slots were given before everything had come");
    const late = now - this.#readyAt;
    if (late > this.#times.lease) return this.#end("failed", `the slots were given ${Math.round(late)} ms too late`);
    if (!this.#facts.standing()) return this.#end("failed", "the slots are not the source's any more");
    if (epoch <= this.#facts.highestEpoch()) return this.#end("failed", `there is an epoch above ${epoch} already`);
    this.state = "success";
    return [{ kind: "take", epoch }, { kind: "reveal" }, { kind: "end", state: "success", message: "" }];
  }

  #end(state: "failed" | "cancelled", message: string): ImportEffect[] {
    this.state = state;
    this.message = message;
    return [{ kind: "discard" }, { kind: "end", state, message }];
  }
}
