/**
 * The source's side of an atomic migration: decides, and does nothing itself. The keys are copied, what changes meanwhile follows,
 * writes are held for a moment, and then the target takes the slots: it is the one who decides, by writing them into its nodes.conf
 * under an epoch that we gave it, and telling everybody. Until we know whether it did, nothing is served here.
 *
 * What makes that bounded is the lease: the target may take the slots only for a moment behind its word that it has everything. If
 * that has passed and nobody whom we can reach has heard that it did, we take a higher epoch ourselves: whatever it may claim
 * later, it is not believed. See docs/decisions/0043-atomic-slot-migration.md.
 */
import type { MigrationTimes } from "./times.ts";

export type ExportState =
  | "connecting"
  | "snapshotting"
  | "streaming"
  | "pausing"
  | "switching"
  | "success"
  | "failed"
  | "cancelled";

/** Who owns the slots in our view: all of them we, all of them the target, or anything else. */
export type Standing = "ours" | "theirs" | "mixed";

export type ExportInput =
  | { readonly kind: "tick" }
  /** The target takes part. */
  | { readonly kind: "agreed" }
  /** It will, but has to remove keys first. */
  | { readonly kind: "mustWait" }
  /** It answered something we sent. */
  | { readonly kind: "heard" }
  /** It does not go on, or we cannot. */
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "cancel" }
  /** All keys were handed over to be sent. */
  | { readonly kind: "copied" }
  /** It has everything; the highest epoch that it knows of. `attempt`: that of the question. */
  | { readonly kind: "ready"; readonly attempt: number; readonly epoch: number }
  | { readonly kind: "taken" }
  /** It has not, and never will. */
  | { readonly kind: "notTaken"; readonly why: string }
  /** The connection is gone, or another could not be made to ask. `refused`: so is the process at its other end. */
  | { readonly kind: "lost"; readonly why: string; readonly refused: boolean }
  /** Somebody owns slots that somebody else owned before. */
  | { readonly kind: "slotsChanged" };

/** Performed in their order. */
export type ExportEffect =
  | { readonly kind: "begin" }
  /** Whoever gave the order is told that it is under way. */
  | { readonly kind: "begun" }
  | { readonly kind: "copy" }
  /** "all": reads too, while it is not known whose the slots are. */
  | { readonly kind: "hold"; readonly what: "write" | "all" }
  | { readonly kind: "release" }
  | { readonly kind: "askReady"; readonly attempt: number }
  | { readonly kind: "give"; readonly epoch: number }
  /** On another connection: did you take them? */
  | { readonly kind: "askTaken" }
  /** All nodes are greeted: those who know better about our slots say so. */
  | { readonly kind: "lookAround" }
  /** The slots are the target's, in our view too. */
  | { readonly kind: "handOver"; readonly epoch: number }
  /** An epoch above the one that we gave: the slots are ours, whatever the target says later. */
  | { readonly kind: "fence" }
  | { readonly kind: "end"; readonly state: ExportState; readonly message: string };

/** What is so now. */
export interface ExportFacts {
  standing(): Standing;
  /** Changes that the target does not have yet, in bytes. */
  lagBytes(): number;
  highestEpoch(): number;
  /** Whether the cluster serves, as far as we see. */
  clusterOk(): boolean;
  /** Whether a majority of primaries was heard of since then, by the time of `step`. */
  majoritySince(time: number): boolean;
}

const LOOK_AGAIN_MS = 1000;

export class ExportMachine {
  state: ExportState = "connecting";
  /** What an operator is to know of it. */
  message = "";
  /** How long writes were held in all. */
  pausedMs = 0;
  readonly #facts: ExportFacts;
  readonly #times: MigrationTimes;
  readonly #startedAt: number;
  #effects: ExportEffect[] = [];
  #now: number;
  #heardAt: number;
  #begun = false;
  #mustWait = false;
  #attempt = 0;
  /** Since when commands are held; 0 if they are not. */
  #heldAt = 0;
  #notBefore = 0;
  #copiedAt = 0;
  #epoch = 0;
  #readyAt = 0;
  /** Since when we do not know whether the target took the slots: the connection is gone. 0 if we are not in that state. */
  #doubtfulAt = 0;
  /** The target's process was found gone. */
  #goneAt = 0;
  #askedAt = 0;
  /** When we last looked around behind the lease. */
  #lastLookAt = Number.NEGATIVE_INFINITY;

  constructor(facts: ExportFacts, times: MigrationTimes, now: number) {
    this.#facts = facts;
    this.#times = times;
    this.#startedAt = this.#now = this.#heardAt = now;
  }

  get isOver(): boolean {
    return this.state === "success" || this.state === "failed" || this.state === "cancelled";
  }

  /** The first effects. */
  start(): ExportEffect[] {
    return [{ kind: "begin" }];
  }

  /** @param now  ms on a clock that never jumps */
  step(input: ExportInput, now: number): ExportEffect[] {
    this.#now = now;
    this.#effects = [];
    if (!this.isOver) this.#take(input);
    return this.#effects;
  }

  #do(effect: ExportEffect): void {
    this.#effects.push(effect);
  }

  #take(input: ExportInput): void {
    if (this.state === "switching") {
      this.#switching(input);
      return;
    }
    switch (input.kind) {
      case "tick":
        this.#tick();
        return;
      case "agreed":
        this.#heard();
        this.#tellBegun();
        this.state = "snapshotting";
        this.#do({ kind: "copy" });
        return;
      case "mustWait":
        this.#heard();
        this.#tellBegun();
        this.#mustWait = true;
        this.message = "the target still removes what it had of these slots";
        return;
      case "heard":
        this.#heard();
        return;
      case "copied":
        if (this.state === "snapshotting") this.state = "streaming";
        this.#copiedAt = this.#now;
        this.#considerPause();
        return;
      case "ready":
        this.#heard();
        if (this.state === "pausing" && input.attempt === this.#attempt) this.#give(input.epoch);
        return;
      case "cancel":
        this.#end("cancelled", "cancelled by an operator");
        return;
      case "broken":
      case "notTaken":
        this.#end("failed", input.why);
        return;
      case "lost":
        this.#end("failed", `the connection to the target: ${input.why}`);
        return;
      case "slotsChanged":
        if (this.#facts.standing() !== "ours") this.#end("failed", "the slots changed their owner meanwhile");
        return;
      case "taken":
        this.#end("failed", "the target took what nobody gave");
    }
  }

  #heard(): void {
    this.#heardAt = this.#now;
  }

  #tellBegun(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#do({ kind: "begun" });
  }

  #tick(): void {
    const times = this.#times;
    if (this.state === "connecting") {
      const limit = this.#begun ? times.agree : times.silence;
      if (this.#now - this.#startedAt > limit) this.#end("failed", this.message || "the target did not answer");
      else if (this.#mustWait) {
        this.#mustWait = false;
        this.#do({ kind: "begin" });
      }
      return;
    }
    if (this.#now - this.#heardAt > times.silence) {
      this.#end("failed", `the target has answered nothing for ${Math.round(times.silence / 1000)} s`);
      return;
    }
    if (this.state === "pausing") this.#limitPause();
    else this.#considerPause();
  }

  /** Little is left: what is held now will be through in a moment. */
  #considerPause(): void {
    if (this.state !== "streaming" || this.#now < this.#notBefore) return;
    const lag = this.#facts.lagBytes();
    this.message = `${lag} bytes of changes are under way`;
    // Where much is written it is never that little: with time more will do, since how long writes are held is limited anyway.
    const { smallBytes, doubling, doublings } = this.#times;
    const times = 2 ** Math.min(doublings, Math.floor((this.#now - this.#copiedAt) / doubling));
    if (lag > smallBytes * times) return;
    this.state = "pausing";
    this.message = "";
    this.#hold("write");
    this.#do({ kind: "askReady", attempt: ++this.#attempt });
  }

  #limitPause(): void {
    const { pause, rest, attempts } = this.#times;
    if (this.#now - this.#heldAt <= pause) return;
    if (this.#attempt >= attempts) {
      this.#end("failed", `the target did not catch up while writes were held, ${attempts} times for ${pause} ms`);
      return;
    }
    this.state = "streaming";
    this.#notBefore = this.#now + rest;
    this.#release();
  }

  #hold(what: "write" | "all"): void {
    if (this.#heldAt === 0) this.#heldAt = this.#now;
    this.#do({ kind: "hold", what });
  }

  #release(): void {
    if (this.#heldAt === 0) return;
    this.pausedMs += this.#now - this.#heldAt;
    this.#heldAt = 0;
    this.#do({ kind: "release" });
  }

  #give(epoch: number): void {
    this.state = "switching";
    this.#epoch = Math.max(this.#facts.highestEpoch(), epoch) + 1;
    this.#readyAt = this.#now;
    this.#hold("all");
    this.#do({ kind: "give", epoch: this.#epoch });
  }

  // ---- Behind the point from which the target decides

  #switching(input: ExportInput): void {
    switch (input.kind) {
      case "taken":
        this.#do({ kind: "handOver", epoch: this.#epoch });
        this.#end("success", "");
        return;
      case "notTaken":
        this.#end("failed", input.why);
        return;
      case "slotsChanged":
        this.#seeStanding();
        return;
      case "lost":
        if (input.refused && this.#goneAt === 0) this.#goneAt = this.#now;
        this.message = `the connection to the target broke at the switch: ${input.why}`;
        this.#lookAround();
        return;
      case "broken":
        this.message = input.why;
        this.#lookAround();
        return;
      case "tick":
        this.#decide();
        return;
      case "cancel":
        this.message = "too late to be cancelled";
    }
  }

  #seeStanding(): void {
    const standing = this.#facts.standing();
    if (standing === "ours") return;
    this.#end(
      standing === "theirs" ? "success" : "failed",
      standing === "theirs" ? "" : "somebody else has the slots now",
    );
  }

  #lookAround(): void {
    if (this.#doubtfulAt !== 0) return;
    this.#doubtfulAt = this.#now;
    this.#askedAt = this.#now;
    this.#do({ kind: "lookAround" });
    this.#do({ kind: "askTaken" });
  }

  /** Did it take them? As long as it still may, it is asked; then those around are. */
  #decide(): void {
    const { lease, margin, grace } = this.#times;
    if (this.#goneAt !== 0 && this.#now - this.#goneAt > grace) {
      // What it told anybody before its end has come by now; what it told nobody, nobody relied on.
      this.#keep("the target died at the switch");
      return;
    }
    const until = this.#readyAt + lease + margin;
    if (this.#now <= until) {
      if (this.#doubtfulAt !== 0 && this.#goneAt === 0 && this.#now - this.#askedAt > grace) {
        this.#askedAt = this.#now;
        this.#do({ kind: "askTaken" });
      }
      return;
    }
    if (this.#now - this.#lastLookAt > LOOK_AGAIN_MS) {
      this.#lastLookAt = this.#now;
      this.#do({ kind: "lookAround" });
      return;
    }
    if (this.#now - this.#lastLookAt <= grace) return;
    if (this.#facts.majoritySince(until)) this.#keep("the target did not answer at the switch");
    else if (!this.#facts.clusterOk()) {
      // Nothing is served here now in any case, so nobody needs to be held.
      this.message = "waiting for a majority that knows whether the target took the slots";
      this.#release();
    }
  }

  #keep(why: string): void {
    this.#do({ kind: "fence" });
    this.#end("failed", `${why}: the slots stay here`);
  }

  #end(state: "success" | "failed" | "cancelled", message: string): void {
    this.state = state;
    this.message = message;
    this.#release();
    this.#do({ kind: "end", state, message });
  }
}
