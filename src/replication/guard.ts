/**
 * The returning primary. A primary that was stopped for a while, or restarts, still takes itself for the primary though its
 * group may have made another one. It holds writes until it has been told: by Sentinels, or where there are none by the
 * members of its roster. If nobody answers in time it goes on, as Redis would have done at once. Pure.
 *
 * A Sentinel's word is checked at the place it names: that one must say `master` itself, and must not be us under another
 * address. "It is you" counts from most of the Sentinels known, and only while none of them doubts it.
 */
import type { Endpoint } from "../io/net.ts";
import type { ReplicationSettings } from "./dataset.ts";
import type { PrimaryInfo } from "./divergence.ts";
import { type Effect, notice, warning } from "./effects.ts";
import { label, sameEndpoint } from "./failover.ts";
import type { Group, Hello } from "./group.ts";
import type { History } from "./history.ts";

/** While nothing is decided the questions are asked anew this often. */
const ROUND_MS = 100;
/** Answers that have not come by then are not waited for: whoever was asked is away, and the others decide. */
const PATIENCE_MS = 300;
/** With no Sentinel process alive at any known address nobody can have been made primary: only they might be starting. */
const ALL_GONE_MS = 1000;

/** What a Sentinel answered: null if it cannot be reached or does not know the group, "gone" if no process listens there. */
export interface SentinelWord {
  readonly name: string;
  readonly primary: Endpoint;
  readonly epoch: number;
  /** It thinks the primary down, or is about to replace it. */
  readonly doubts: boolean;
}

/** What a server says of itself: null if it cannot be reached. */
export interface ServerWord {
  readonly role: "master" | "slave";
  readonly runId: string;
  readonly info: PrimaryInfo | null;
  /** Whom it follows. */
  readonly primary: Endpoint | null;
}

export type GuardInput =
  /** The process has just come up as a primary. */
  | { readonly kind: "restarted" }
  /** The clock went on without us. */
  | { readonly kind: "jumped"; readonly ms: number }
  | { readonly kind: "sentinelSaid"; readonly sentinel: Endpoint; readonly word: SentinelWord | "gone" | null }
  | { readonly kind: "candidateSaid"; readonly endpoint: Endpoint; readonly word: ServerWord | null }
  | { readonly kind: "hello"; readonly hello: Hello }
  | { readonly kind: "noLongerPrimary" }
  | { readonly kind: "guardTick" };

export class Guard {
  readonly #group: Group;
  readonly #history: History;
  readonly #settings: ReplicationSettings;
  readonly #runId: string;
  #holding = false;
  #deadline = 0;
  #heldSince = 0;
  #roundSince = 0;
  /** Who was asked and has not answered; for candidates with the greatest epoch in which they were named. */
  readonly #outstanding = new Map<string, number>();
  /** We are primary by a decision behind this epoch: words of it, and of those before, that name another are old. */
  #claim: number;
  /** Sentinels, or members, that said this round that we are primary; those where nobody is at home. */
  readonly #confirmed = new Set<string>();
  readonly #gone = new Set<string>();
  #doubted = false;
  /** Somebody else, by a Sentinel's word of a later epoch than ours, who has not said so itself. */
  #named: Endpoint | null = null;
  #leading = true;

  constructor(group: Group, history: History, settings: ReplicationSettings, runId: string) {
    this.#group = group;
    this.#history = history;
    this.#settings = settings;
    this.#runId = runId;
    // Without an address that we were primary under, what was heard last was that another is.
    this.#claim = group.self === null ? group.epoch - 1 : group.epoch;
  }

  get holding(): boolean {
    return this.#holding;
  }

  /** Whom to ask; without anybody a pause of the process is of no interest. */
  get sentinels(): Endpoint[] {
    const all = this.#group.sentinels;
    for (const one of this.#settings.sentinels) if (!all.some((other) => sameEndpoint(one, other))) all.push(one);
    return all;
  }

  step(input: GuardInput, now: number): Effect[] {
    switch (input.kind) {
      case "restarted":
        // The roster is no help here: its members may be starting as well, and follow nobody yet.
        if (this.sentinels.length === 0) return [];
        return this.#hold("This primary has restarted", now);
      case "jumped":
        if (this.sentinels.length === 0 && this.#settings.replicas.length === 0) return [];
        return this.#hold(`This primary was stopped for ${Math.round(input.ms)} ms`, now);
      case "sentinelSaid":
        return this.#sentinelSaid(input.sentinel, input.word, now);
      case "candidateSaid":
        return this.#candidateSaid(input.endpoint, input.word, now);
      case "hello":
        return this.#hello(input.hello);
      case "noLongerPrimary":
        this.#leading = false;
        return this.#release([{ kind: "dropHeldReplies" }]);
      case "guardTick":
        return this.#tick(now);
    }
  }

  /** We are primary from now on: by order, so there is no doubt. */
  promoted(): void {
    this.#leading = true;
    this.#claim = this.#group.epoch;
    this.#outstanding.clear();
  }

  #hold(why: string, now: number): Effect[] {
    if (!this.#leading || this.#settings.returningPrimaryTimeoutMs === 0) return [];
    const effects: Effect[] = [];
    if (!this.#holding) {
      this.#heldSince = now;
      this.#deadline = now + this.#settings.returningPrimaryTimeoutMs;
      effects.push(notice(`${why}: holding writes until the group has told who is primary`), {
        kind: "pauseWrites",
        reason: "returning",
      });
    }
    this.#holding = true;
    return effects.concat(this.#ask(now));
  }

  #ask(now: number): Effect[] {
    this.#roundSince = now;
    this.#confirmed.clear();
    this.#gone.clear();
    this.#doubted = false;
    const { sentinels } = this;
    const effects: Effect[] = [];
    for (const endpoint of sentinels.length > 0 ? sentinels : this.#settings.replicas) {
      if (this.#outstanding.has(label(endpoint))) continue;
      this.#outstanding.set(label(endpoint), Number.POSITIVE_INFINITY);
      if (sentinels.length > 0) effects.push({ kind: "askSentinel", sentinel: endpoint });
      else effects.push({ kind: "askRole", endpoint, about: "candidate" });
    }
    return effects;
  }

  #sentinelSaid(sentinel: Endpoint, word: SentinelWord | "gone" | null, now: number): Effect[] {
    this.#outstanding.delete(label(sentinel));
    if (!this.#holding || word === null) return [];
    if (word === "gone") {
      this.#gone.add(label(sentinel));
      return [];
    }
    const { self } = this.#group;
    if (word.doubts) this.#doubted = true;
    if (self !== null && sameEndpoint(self, word.primary)) return this.#confirm(sentinel, now);
    // Somebody else, or we under an address that we did not know.
    this.#doubted = true;
    if (self !== null && word.epoch > this.#group.epoch) this.#named = word.primary;
    return this.#askCandidate(word.primary, word.epoch);
  }

  #askCandidate(endpoint: Endpoint, epoch: number): Effect[] {
    const asked = this.#outstanding.get(label(endpoint));
    this.#outstanding.set(label(endpoint), Math.max(epoch, asked ?? 0));
    if (asked !== undefined) return [];
    return [{ kind: "askRole", endpoint, about: "candidate" }];
  }

  #confirm(by: Endpoint, now: number): Effect[] {
    this.#confirmed.add(label(by));
    return this.#conclude(now);
  }

  /** Still the primary, if enough say so and nobody who answers thinks otherwise: the one who does may be the last to answer. */
  #conclude(now: number): Effect[] {
    if (this.#doubted || (this.#outstanding.size > 0 && now - this.#roundSince < PATIENCE_MS)) return [];
    const needed = this.sentinels.length > 0 ? Math.floor(this.sentinels.length / 2) + 1 : 1;
    if (this.#confirmed.size < needed) return [];
    return this.#release([notice("This server is still the primary"), { kind: "releaseReplies" }]);
  }

  #candidateSaid(endpoint: Endpoint, word: ServerWord | null, now: number): Effect[] {
    const epoch = this.#outstanding.get(label(endpoint));
    this.#outstanding.delete(label(endpoint));
    // An answer to a question that has been settled since, or one that does not even tell us from ourselves, proves nothing.
    if (!this.#leading || word === null || word.runId === "" || epoch === undefined) return [];
    const asksMembers = this.#holding && this.sentinels.length === 0;
    if (word.runId === this.#runId) {
      // It is us: the next round knows.
      const news = this.#group.self === null || !sameEndpoint(this.#group.self, endpoint);
      this.#group.self = endpoint;
      const effects: Effect[] = news ? [{ kind: "saveGroup" }] : [];
      return asksMembers ? effects.concat(this.#confirm(endpoint, now)) : effects;
    }
    if (word.role === "slave") {
      // Whom a member follows is who counts: us, we hope.
      return asksMembers && word.primary !== null ? this.#askCandidate(word.primary, Number.POSITIVE_INFINITY) : [];
    }
    // Without a Sentinel's word a server counts as promoted only if it came out of our own history and went further.
    if (this.sentinels.length === 0 && !this.#cameFromUs(word.info)) {
      return asksMembers ? this.#confirm(endpoint, now) : [];
    }
    // One that was primary before us and does not know yet says `master` as well.
    if (epoch <= this.#claim) return [];
    return this.#replacedBy(endpoint);
  }

  #replacedBy(endpoint: Endpoint): Effect[] {
    return [
      warning(`${label(endpoint)} was made primary meanwhile: becoming its replica`),
      { kind: "becomeReplicaOf", endpoint },
    ];
  }

  #cameFromUs(info: PrimaryInfo | null): boolean {
    if (info === null) return false;
    const { replid, replid2, offset } = this.#history;
    return (info.replid2 === replid || info.replid2 === replid2) && info.secondOffset > 0 && info.offset >= offset;
  }

  /** A Sentinel says through ourselves who is primary. A greater epoch than ours that names another is news of our end. */
  #hello(hello: Hello): Effect[] {
    const group = this.#group;
    const news = group.heard(hello);
    const effects: Effect[] = news ? [{ kind: "saveGroup" }] : [];
    if (!this.#leading) {
      group.epoch = Math.max(group.epoch, hello.epoch);
      if (group.self === null) return effects;
      group.self = null;
      return [{ kind: "saveGroup" }];
    }
    if (group.self !== null && sameEndpoint(group.self, hello.primary)) {
      group.epoch = Math.max(group.epoch, hello.epoch);
      this.#claim = group.epoch;
      return effects;
    }
    // An old word, of a Sentinel that lags behind. Before anybody has named us it may be we under an address we do not know.
    if (hello.epoch < group.epoch || (group.self !== null && hello.epoch <= this.#claim)) return effects;
    return effects.concat(this.#askCandidate(hello.primary, hello.epoch));
  }

  #tick(now: number): Effect[] {
    if (!this.#holding) return [];
    const allGone = this.#gone.size > 0 && this.#gone.size === this.sentinels.length;
    if (now >= this.#deadline || (allGone && now - this.#heldSince >= ALL_GONE_MS)) {
      if (this.#named !== null) return this.#replacedBy(this.#named);
      return this.#release([
        warning(`Nobody has told within ${now - this.#heldSince} ms who is primary: going on as the primary`),
        { kind: "releaseReplies" },
      ]);
    }
    const concluded = this.#conclude(now);
    if (concluded.length > 0) return concluded;
    const roundMs = this.#outstanding.size > 0 ? PATIENCE_MS : ROUND_MS;
    return now - this.#roundSince >= roundMs ? this.#ask(now) : [];
  }

  #release(effects: Effect[]): Effect[] {
    if (!this.#holding) return [];
    this.#holding = false;
    this.#outstanding.clear();
    this.#named = null;
    return [...effects, { kind: "resumeWrites", reason: "returning" }];
  }
}
