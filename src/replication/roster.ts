/**
 * The roster: a primary's `replicas host:port ...`, whom it makes its replicas by itself, and again when one of them comes back
 * without a primary. It never takes a replica away from another primary that works, nor takes back one that was promoted:
 * that was somebody's decision. Pure.
 */
import type { Endpoint } from "../io/net.ts";
import type { ReplicationSettings } from "./dataset.ts";
import type { PrimaryInfo } from "./divergence.ts";
import { type Effect, notice, warning } from "./effects.ts";
import { addressOf, label, sameEndpoint } from "./failover.ts";
import type { History } from "./history.ts";
import type { AttachedReplica } from "./primary.ts";

const FIRST_ASK_MS = 250;
const LONGEST_ASK_MS = 5000;

/** What a member says of itself: null if it cannot be reached. */
export interface MemberWord {
  readonly role: "master" | "slave";
  readonly runId: string;
  readonly keys: number;
  readonly info: PrimaryInfo | null;
  readonly primary: Endpoint | null;
  /** It speaks with its primary, be it that it is still copying. */
  readonly linkUp: boolean;
  /** Our address as the member sees it. */
  readonly seenFrom: string;
}

export type RosterInput =
  | {
      readonly kind: "memberSaid";
      readonly member: Endpoint;
      readonly word: MemberWord | null;
      readonly ourKeys: number;
    }
  | { readonly kind: "rosterTick"; readonly leading: boolean };

interface Member {
  readonly endpoint: Endpoint;
  askAt: number;
  waitMs: number;
  asked: boolean;
  /** Its link was down when it was asked last. */
  seenDown: boolean;
  /** What was logged last about it, so that it is not said each time. */
  said: string;
}

export class Roster {
  readonly #history: History;
  readonly #settings: ReplicationSettings;
  readonly #replicas: ReadonlyMap<number, AttachedReplica>;
  readonly #runId: string;
  readonly #members = new Map<string, Member>();

  constructor(
    history: History,
    settings: ReplicationSettings,
    replicas: ReadonlyMap<number, AttachedReplica>,
    runId: string,
  ) {
    this.#history = history;
    this.#settings = settings;
    this.#replicas = replicas;
    this.#runId = runId;
  }

  step(input: RosterInput, now: number): Effect[] {
    return input.kind === "rosterTick" ? this.#tick(input.leading, now) : this.#said(input, now);
  }

  #tick(leading: boolean, now: number): Effect[] {
    const { replicas } = this.#settings;
    if (replicas.length === 0 || !leading) {
      this.#members.clear();
      return [];
    }
    const effects: Effect[] = [];
    for (const endpoint of replicas) {
      const member = this.#members.get(label(endpoint)) ?? this.#add(endpoint);
      if (member.asked || now < member.askAt) continue;
      if ([...this.#replicas.values()].some((replica) => sameEndpoint(addressOf(replica), endpoint))) {
        member.waitMs = FIRST_ASK_MS;
        continue;
      }
      member.asked = true;
      effects.push({ kind: "askRole", endpoint, about: "member" });
    }
    return effects;
  }

  #add(endpoint: Endpoint): Member {
    const member = { endpoint, askAt: 0, waitMs: FIRST_ASK_MS, asked: false, seenDown: false, said: "" };
    this.#members.set(label(endpoint), member);
    return member;
  }

  #said(input: RosterInput & { kind: "memberSaid" }, now: number): Effect[] {
    const member = this.#members.get(label(input.member));
    if (member === undefined) return [];
    member.asked = false;
    member.askAt = now + member.waitMs;
    member.waitMs = Math.min(LONGEST_ASK_MS, member.waitMs * 2);
    const { word } = input;
    if (word === null) return [];
    const host = this.#settings.replicaAnnounceIp || word.seenFrom;
    const port = this.#settings.replicaAnnouncePort || this.#settings.port;
    const why = this.#objection(member, word, { host, port }, input.ourKeys);
    if (why === null) {
      member.said = "";
      return [
        notice(`Making ${label(input.member)} of the roster a replica of this server`),
        { kind: "enrol", member: input.member, host, port },
      ];
    }
    if (why === "" || why === member.said) return [];
    member.said = why;
    return [warning(`Leaving ${label(input.member)} of the roster alone: ${why}`)];
  }

  /** Null: it is to be enrolled. "": it is on its way already. Else why not. */
  #objection(member: Member, word: MemberWord, us: Endpoint, ourKeys: number): string | null {
    if (word.runId === this.#runId && word.runId !== "") return "it is this server itself";
    if (word.role === "slave") {
      if (word.primary !== null && sameEndpoint(word.primary, us)) return "";
      if (word.linkUp) member.seenDown = false;
      if (word.linkUp) return `it follows ${word.primary === null ? "another primary" : label(word.primary)}`;
      // A link that is down at two looks: its primary does not answer, and it belongs to us.
      const again = member.seenDown;
      member.seenDown = true;
      return again ? null : "";
    }
    member.seenDown = false;
    if (ourKeys === 0 && word.keys > 0) return `it has data (${word.keys} keys) and this server has none`;
    const { replid, replid2, offset } = this.#history;
    const past = word.info?.replid2 ?? "";
    const related = past === replid || (past === replid2 && word.info!.secondOffset > 0);
    return related && word.info!.offset > offset ? "it was promoted and took writes of its own" : null;
  }
}
