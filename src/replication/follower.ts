/**
 * Our link to a primary: connect, introduce ourselves, catch up by PSYNC, follow the stream, and again from the start whenever
 * it breaks. Pure: `step(input, now)` gives effects; the bytes themselves pass by outside.
 *
 * The data held are kept until the primary's RDB is received whole, which is what lets the guard below refuse an empty one.
 */
import type { Endpoint } from "../io/net.ts";
import { parsePsyncReply } from "./codec.ts";
import type { ReplicationSettings } from "./dataset.ts";
import { divergence, type PrimaryInfo, parsePrimaryInfo } from "./divergence.ts";
import { debug, type Effect, notice, warning } from "./effects.ts";
import { type History, NO_REPLID } from "./history.ts";

const VERSION = "7.2.4";
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1000;
const LONGEST_HOLD_MS = 10_000;
/** Data that we cannot hold cost the primary a snapshot each time: we do not ask for them every second. */
const LONGEST_REFUSAL_MS = 60_000;
/** A host that swallows our SYN is given up sooner than `repl-timeout`, which is meant for a link that stands. */
const CONNECT_TIMEOUT_MS = 5000;

/** Of `downSince`: the link has never stood since this server began to follow. */
export const NEVER = -1;

export type LinkState =
  | "none"
  | "connect"
  | "connecting"
  | "receive_ping_reply"
  | "handshake"
  | "receive_psync_reply"
  | "transfer"
  | "connected";

export type FollowerInput =
  /** `trusted`: somebody asked for it by hand, so that an empty primary is what they want. */
  | { readonly kind: "follow"; readonly endpoint: Endpoint; readonly trusted: boolean }
  | { readonly kind: "unfollow" }
  | { readonly kind: "linkConnected" }
  | { readonly kind: "linkClosed"; readonly why: string }
  | { readonly kind: "linkLine"; readonly text: string }
  | { readonly kind: "linkBulk"; readonly text: string }
  | { readonly kind: "rdbBegins"; readonly size: number }
  | { readonly kind: "rdbBytes"; readonly count: number }
  | {
      readonly kind: "rdbLoaded";
      readonly keys: number;
      readonly ourKeys: number;
    }
  | { readonly kind: "rdbFailed"; readonly why: string }
  /** The stream holds what we cannot run. */
  | { readonly kind: "streamRefused"; readonly why: string }
  | { readonly kind: "streamHeard" }
  | { readonly kind: "ackAsked" }
  | { readonly kind: "followerTick" };

type HandshakeReply = "auth" | "port" | "ip" | "capa" | "version" | "info";

export class Follower {
  state: LinkState = "none";
  endpoint: Endpoint | null = null;
  /** For INFO: when bytes last came, when the link went down, how far the RDB is. */
  lastIoAt = 0;
  downSince = NEVER;
  rdbSize = 0;
  rdbRead = 0;
  /** Why the link is kept down though the primary is there; "" if it is not. */
  hold: "" | "empty-primary" = "";
  /** FAILOVER's last step: our PSYNC asks the other side to become primary; then how it took that. */
  failover: "no" | "asking" | "accepted" | "rejected" = "no";
  /**
   * The offset up to which the replicas had acknowledged our stream when we stopped being primary: what is behind it may be
   * ours alone. Null when we took no writes since we last shared a history with a primary.
   */
  safeOffset: number | null = null;

  readonly #history: History;
  readonly #settings: ReplicationSettings;
  #expected: HandshakeReply[] = [];
  #retryMs = 0;
  #retryAt = 0;
  #ackAt = 0;
  #holdMs = 0;
  #upAt = 0;
  /** An empty primary is fine until the first synchronisation: a person asked for this one. */
  #trusted = false;
  /** A PSYNC that asked the other side to become primary is under way, or went down with its link. */
  #failoverSent = false;
  #full: { replid: string; offset: number } | null = null;
  #info: PrimaryInfo | null = null;

  constructor(history: History, settings: ReplicationSettings) {
    this.#history = history;
    this.#settings = settings;
  }

  get handshaking(): boolean {
    return this.state === "receive_ping_reply" || this.state === "handshake" || this.state === "receive_psync_reply";
  }

  step(input: FollowerInput, now: number): Effect[] {
    switch (input.kind) {
      case "follow":
        return this.#follow(input.endpoint, input.trusted, now);
      case "unfollow":
        return this.#unfollow();
      case "linkConnected":
        return this.#connected(now);
      case "linkClosed":
        return this.#closed(input.why, now);
      case "linkLine":
        this.lastIoAt = now;
        return this.#line(input.text, now);
      case "linkBulk":
        this.lastIoAt = now;
        return this.#bulk(input.text, now);
      case "rdbBegins":
        return this.#rdbBegins(input.size, now);
      case "rdbBytes":
        this.lastIoAt = now;
        this.rdbRead += input.count;
        return [];
      case "rdbLoaded":
        return this.#loaded(input, now);
      case "rdbFailed":
        return [warning(input.why), ...this.#putOff(LONGEST_REFUSAL_MS, now)];
      case "streamRefused":
        return [
          warning(`The stream of MASTER cannot be followed: ${input.why}`),
          ...this.#putOff(LONGEST_REFUSAL_MS, now),
        ];
      case "streamHeard":
        this.lastIoAt = now;
        return [];
      case "ackAsked":
        return this.state === "connected" ? this.#ack(now) : [];
      case "followerTick":
        return this.#tick(now);
    }
  }

  #follow(endpoint: Endpoint, trusted: boolean, now: number): Effect[] {
    if (this.state === "connected") this.downSince = now;
    const effects = this.#hangUp();
    this.endpoint = endpoint;
    this.#failoverSent = false;
    this.#trusted = trusted;
    this.hold = "";
    this.#holdMs = 0;
    this.#retryMs = 0;
    this.state = "connect";
    return [...effects, notice(`Connecting to MASTER ${endpoint.host}:${endpoint.port}`), ...this.#connect(now)];
  }

  #unfollow(): Effect[] {
    const effects = this.#hangUp();
    this.endpoint = null;
    this.#failoverSent = false;
    this.downSince = NEVER;
    this.state = "none";
    this.hold = "";
    this.failover = "no";
    return effects;
  }

  #connect(now: number): Effect[] {
    this.state = "connecting";
    this.lastIoAt = now;
    this.#expected = [];
    this.#info = null;
    return [{ kind: "connect", endpoint: this.endpoint! }, notice("MASTER <-> REPLICA sync started")];
  }

  #hangUp(): Effect[] {
    if (this.state === "none" || this.state === "connect") return [];
    const loading = this.state === "transfer";
    this.state = "connect";
    return loading ? [{ kind: "abortLoad" }, { kind: "hangUp" }] : [{ kind: "hangUp" }];
  }

  /** The link is of no use any more: the first attempt anew is made at once, then at growing distances. */
  #retry(now: number): Effect[] {
    if (this.endpoint === null) return [];
    if (this.state === "connected") {
      this.downSince = now;
      this.#retryMs = 0;
    }
    const effects = this.#hangUp();
    this.#retryAt = now + this.#retryMs;
    this.#retryMs = Math.min(LONGEST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
    return effects;
  }

  #connected(now: number): Effect[] {
    if (this.state !== "connecting") return [];
    this.lastIoAt = now;
    this.state = "receive_ping_reply";
    return [notice("Non blocking connect for SYNC fired the event."), { kind: "say", words: ["PING"] }];
  }

  #closed(why: string, now: number): Effect[] {
    if (this.endpoint === null || this.state === "connect" || this.state === "none") return [];
    const { state } = this;
    if (this.failover === "asking") {
      // Before the PSYNC is out nothing has happened: the attempt is off. Behind it the other side may be primary by now.
      if (state === "receive_psync_reply") this.#failoverSent = true;
      else if (!this.#failoverSent) this.failover = "rejected";
    }
    const effects = this.#retry(now);
    if (state === "connecting") return [warning(`Error condition on socket for SYNC: ${why}`), ...effects];
    if (state === "transfer") return [warning(`I/O error trying to sync with MASTER: ${why}`), ...effects];
    if (state === "connected") {
      return [
        notice("Connection with master lost."),
        notice("Caching the disconnected master state."),
        ...effects,
        notice(`Reconnecting to MASTER ${this.endpoint.host}:${this.endpoint.port}`),
        ...this.#connect(now),
      ];
    }
    return [warning(`Master did not respond to command during SYNC handshake: ${why}`), ...effects];
  }

  #line(text: string, now: number): Effect[] {
    // An empty line is the primary's sign of life while it prepares the answer.
    if (text === "") return [];
    switch (this.state) {
      case "receive_ping_reply":
        return this.#pong(text, now);
      case "handshake":
        return this.#handshakeReply(text, now);
      case "receive_psync_reply":
        return this.#psyncReply(text, now);
      case "transfer":
        return [warning(`MASTER aborted replication with an error: ${text.slice(1)}`), ...this.#retry(now)];
      default:
        return [];
    }
  }

  #pong(text: string, now: number): Effect[] {
    // A password that is asked for, or a command that is not allowed, still is an answer: AUTH comes next.
    const alive = text[0] === "+" || /^-(NOAUTH|NOPERM|ERR operation not permitted)/.test(text);
    if (!alive) return [warning(`Error reply to PING from master: '${text}'`), ...this.#retry(now)];
    const { masterauth, masteruser, replicaAnnounceIp, replicaAnnouncePort, port } = this.#settings;
    const effects: Effect[] = [notice("Master replied to PING, replication can continue...")];
    const ask = (reply: HandshakeReply, ...words: string[]) => {
      this.#expected.push(reply);
      effects.push({ kind: "say", words });
    };
    if (masterauth !== "") ask("auth", "AUTH", ...(masteruser === "" ? [masterauth] : [masteruser, masterauth]));
    ask("port", "REPLCONF", "listening-port", String(replicaAnnouncePort || port));
    if (replicaAnnounceIp !== "") ask("ip", "REPLCONF", "ip-address", replicaAnnounceIp);
    ask("capa", "REPLCONF", "capa", "eof", "capa", "psync2");
    ask("version", "REPLCONF", "version", VERSION);
    // Where its history branched from ours, should ours not be a part of it.
    if (this.#history.backlog !== null && this.failover === "no") ask("info", "INFO", "replication");
    this.state = "handshake";
    return effects;
  }

  #handshakeReply(text: string, now: number): Effect[] {
    const reply = this.#expected.shift();
    const effects: Effect[] = [];
    if (text[0] === "-") {
      if (reply === "auth") return [warning(`Unable to AUTH to MASTER: ${text}`), ...this.#retry(now)];
      const what = { port: "listening-port", ip: "ip-address", capa: "capa", version: "version", info: "" }[reply!];
      if (what !== "") effects.push(notice(`(Non critical) Master does not understand REPLCONF ${what}: ${text}`));
    }
    return this.#expected.length > 0 ? effects : [...effects, ...this.#psync()];
  }

  #bulk(text: string, now: number): Effect[] {
    if (this.state !== "handshake" || this.#expected[0] !== "info") {
      return [warning("Unexpected reply from MASTER during the handshake"), ...this.#retry(now)];
    }
    this.#expected.shift();
    this.#info = parsePrimaryInfo(text);
    return this.#expected.length > 0 ? [] : this.#psync();
  }

  #psync(): Effect[] {
    this.state = "receive_psync_reply";
    const { replid, offset, resumable } = this.#history;
    if (!resumable) {
      return [
        notice("Partial resynchronization not possible (no cached master)"),
        { kind: "say", words: ["PSYNC", "?", "-1"] },
      ];
    }
    const words = ["PSYNC", replid, String(offset + 1)];
    if (this.failover === "asking") words.push("FAILOVER");
    return [notice(`Trying a partial resynchronization (request ${replid}:${offset + 1}).`), { kind: "say", words }];
  }

  #psyncReply(text: string, now: number): Effect[] {
    const reply = parsePsyncReply(text);
    if (this.failover === "asking") {
      const accepted = reply.kind === "full" || reply.kind === "continue";
      // It is primary by our first asking, of which the answer was lost with the link.
      const already = this.#failoverSent && text.includes("can't be sent to a master");
      this.failover = accepted || already ? "accepted" : "rejected";
      if (!accepted) return already ? this.#retry(now) : this.#hangUp();
    }
    switch (reply.kind) {
      case "full":
        this.#full = reply;
        this.state = "transfer";
        this.rdbSize = 0;
        this.rdbRead = 0;
        return [notice(`Full resync from master: ${reply.replid}:${reply.offset}`), { kind: "expectRdb" }];
      case "continue":
        // We asked for all of it: behind nothing there is nothing to go on with.
        if (!this.#history.resumable)
          return [warning("Master continues a history that we do not have"), ...this.#retry(now)];
        return this.#continued(reply.replid ?? this.#history.replid, now);
      case "later":
        return [
          notice(`Master is currently unable to PSYNC but should be in the future: ${reply.text}`),
          ...this.#retry(now),
        ];
      case "unsupported":
        return [
          notice(`Master does not support PSYNC or is in error state (reply: ${reply.text})`),
          ...this.#retry(now),
        ];
      case "malformed":
        return [warning(`Unexpected reply to PSYNC from master: ${reply.text}`), ...this.#retry(now)];
    }
  }

  #continued(replid: string, now: number): Effect[] {
    const effects: Effect[] = [notice("Successful partial resynchronization with master.")];
    if (this.#history.continueAs(replid)) {
      // Our own replicas ask again, and so learn the new name.
      effects.push(notice(`Master replication ID changed to ${replid}`), { kind: "dropReplicas" });
    }
    effects.push(
      { kind: "expectStream" },
      notice("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization."),
      ...this.#up(now),
    );
    return effects;
  }

  #rdbBegins(size: number, now: number): Effect[] {
    this.lastIoAt = now;
    this.rdbSize = size;
    const what = size < 0 ? "streamed RDB from master with EOF to parser" : `${size} bytes from master to parser`;
    return [notice(`MASTER <-> REPLICA sync: receiving ${what}`), { kind: "beginLoad" }];
  }

  #loaded(input: FollowerInput & { kind: "rdbLoaded" }, now: number): Effect[] {
    if (this.state !== "transfer" || this.#full === null) return [{ kind: "abortLoad" }];
    const { replid, offset } = this.#full;
    if (this.#isSuspect(input.keys, input.ourKeys)) return this.#holdBack(now);
    const effects: Effect[] = [];
    const history = this.#history;
    const from = divergence(history, this.#info, replid, offset, this.safeOffset);
    if (from !== null && this.#settings.lostWritesFile) {
      const { backlog } = history;
      effects.push({ kind: "saveLostWrites", backlog: backlog!, replid: history.replid, from });
    }
    // Their data are of a history that ends here.
    effects.push({ kind: "dropReplicas" }, { kind: "commitLoad" });
    history.adopt(replid, offset, this.#settings.replBacklogSize);
    this.#full = null;
    effects.push({ kind: "expectStream" }, notice("MASTER <-> REPLICA sync: Finished with success"), ...this.#up(now));
    return effects;
  }

  /** An empty data set is about to replace ours, and nobody asked for it: its history has nothing to do with ours. */
  #isSuspect(keys: number, ourKeys: number): boolean {
    if (!this.#settings.emptyPrimaryGuard || this.#trusted || keys > 0 || ourKeys === 0) return false;
    const { replid, replid2 } = this.#history;
    const theirs = [this.#full!.replid, this.#info?.replid2 ?? NO_REPLID].filter((id) => id !== NO_REPLID);
    return !theirs.includes(replid) && !theirs.includes(replid2);
  }

  #holdBack(now: number): Effect[] {
    const effects: Effect[] = [];
    if (this.hold === "") {
      effects.push(
        warning(
          `MASTER ${this.endpoint!.host}:${this.endpoint!.port} has just started and is empty: keeping our data instead of ` +
            "copying nothing over them. The link stays down until it has data, or REPLICAOF is sent again, or " +
            "'empty-primary-guard no' is set.",
        ),
      );
    }
    this.hold = "empty-primary";
    this.#full = null;
    return [...effects, ...this.#putOff(LONGEST_HOLD_MS, now)];
  }

  /** As `#retry`, after a while that doubles each time: it is nothing that passes by itself. */
  #putOff(longestMs: number, now: number): Effect[] {
    const effects = this.#retry(now);
    this.#holdMs = Math.min(longestMs, Math.max(LONGEST_RETRY_MS, this.#holdMs * 2));
    this.#retryAt = now + this.#holdMs;
    return effects;
  }

  #up(now: number): Effect[] {
    this.state = "connected";
    this.lastIoAt = now;
    this.hold = "";
    this.#upAt = now;
    this.#retryMs = 0;
    this.#trusted = false;
    this.safeOffset = null;
    return this.#ack(now);
  }

  #ack(now: number): Effect[] {
    this.#ackAt = now + 1000;
    return [{ kind: "sendAck" }];
  }

  #tick(now: number): Effect[] {
    const idle = now - this.lastIoAt;
    const limit = this.#settings.replTimeoutSeconds * 1000;
    switch (this.state) {
      case "none":
        return [];
      case "connect":
        if (now < this.#retryAt) return [];
        return [
          notice(`Reconnecting to MASTER ${this.endpoint!.host}:${this.endpoint!.port} after failure`),
          ...this.#connect(now),
        ];
      case "connecting":
        if (idle <= Math.min(limit, CONNECT_TIMEOUT_MS)) return [];
        return [warning("Timeout connecting to the MASTER..."), ...this.#retry(now)];
      case "receive_ping_reply":
      case "handshake":
      case "receive_psync_reply":
        if (idle <= limit) return [];
        return [warning("Timeout connecting to the MASTER..."), ...this.#retry(now)];
      case "transfer":
        if (idle <= limit) return this.#signOfLife(now);
        return [
          warning(
            "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter " +
              "in redis.conf to a larger value.",
          ),
          ...this.#retry(now),
        ];
      case "connected":
        if (now - this.#upAt > LONGEST_REFUSAL_MS) this.#holdMs = 0;
        if (idle <= limit) return now >= this.#ackAt ? this.#ack(now) : [];
        return [warning("MASTER timeout: no data nor PING received..."), ...this.#retry(now)];
    }
  }

  #signOfLife(now: number): Effect[] {
    if (now < this.#ackAt) return [];
    this.#ackAt = now + 1000;
    return [debug("Telling the primary that we are still receiving"), { kind: "sayNewline" }];
  }
}
