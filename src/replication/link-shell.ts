/** Performs the effects on the link to our primary: one `PrimaryLink` at a time, whose events become inputs of the machine. */
import type { Io } from "../io/io.ts";
import type { Endpoint } from "../io/net.ts";
import type { Backlog } from "./backlog.ts";
import type { Dataset, ReplicationHost, ReplicationSettings } from "./dataset.ts";
import type { LinkEffect } from "./effects.ts";
import type { FollowerInput } from "./follower.ts";
import { PrimaryLink } from "./link.ts";
import { collectLostWrites, lostWritesName } from "./lost-writes.ts";

export interface LinkShellParts {
  readonly io: Io;
  readonly host: ReplicationHost;
  readonly dataset: Dataset;
  readonly settings: ReplicationSettings;
  /** The machine is told. */
  readonly step: (input: FollowerInput) => void;
  /** These bytes of the stream were run for good. */
  readonly applied: (bytes: Uint8Array, start: number, end: number, db: number | undefined) => void;
  /** The stream makes no sense: our data are no longer what our history says. */
  readonly doubt: () => void;
  /** `master_repl_offset` */
  readonly offset: () => number;
}

export class LinkShell {
  readonly lostWrites = { files: 0, bytes: 0 };
  readonly #parts: LinkShellParts;
  #link: PrimaryLink | null = null;
  #formerInput = 0;
  #ackWanted = false;

  constructor(parts: LinkShellParts) {
    this.#parts = parts;
  }

  /** Bytes from our primaries: INFO's `total_net_repl_input_bytes`. */
  get inputBytes(): number {
    return this.#formerInput + (this.#link?.readBytes ?? 0);
  }

  /** Bytes that came and were not run for good. */
  get unappliedBytes(): number {
    return this.#link?.unappliedBytes ?? 0;
  }

  /** REPLCONF GETACK came in the stream: answered when what came with it was counted. */
  ackAsked(): void {
    this.#ackWanted = true;
  }

  hangUp(): void {
    if (this.#link === null) return;
    this.#formerInput += this.#link.readBytes;
    this.#link.close();
    this.#link = null;
  }

  perform(effect: LinkEffect): void {
    switch (effect.kind) {
      case "connect":
        this.#connect(effect.endpoint);
        return;
      case "hangUp":
        this.hangUp();
        return;
      case "say":
        this.#link?.say(effect.words);
        return;
      case "sayNewline":
        this.#link?.sayNewline();
        return;
      case "expectRdb":
        this.#link?.expectRdb();
        return;
      case "expectStream":
        this.#link?.expectStream();
        return;
      case "beginLoad":
        this.#link?.beginLoad();
        return;
      case "abortLoad":
        this.#link?.abortLoad();
        return;
      case "commitLoad":
        this.#link?.commitLoad();
        return;
      case "saveLostWrites":
        this.#saveLostWrites(effect.backlog, effect.replid, effect.from);
        return;
      case "sendAck":
        this.#link?.say(["REPLCONF", "ACK", String(this.#parts.offset())]);
        return;
    }
  }

  #connect(endpoint: Endpoint): void {
    this.hangUp();
    const { io, dataset, settings, step, applied, doubt } = this.#parts;
    this.#link = new PrimaryLink(io.net, endpoint, settings, dataset, {
      connected: () => step({ kind: "linkConnected" }),
      closed: (why) => step({ kind: "linkClosed", why }),
      line: (text) => step({ kind: "linkLine", text }),
      bulk: (text) => step({ kind: "linkBulk", text }),
      rdbBegins: (size) => step({ kind: "rdbBegins", size }),
      rdbBytes: (count) => step({ kind: "rdbBytes", count }),
      rdbLoaded: (keys) => step({ kind: "rdbLoaded", keys, ourKeys: dataset.keyCount() }),
      rdbFailed: (why) => step({ kind: "rdbFailed", why }),
      heard: () => step({ kind: "streamHeard" }),
      applied,
      desynchronised: (why) => {
        doubt();
        step({ kind: "streamRefused", why });
      },
      caughtUp: () => {
        if (!this.#ackWanted) return;
        this.#ackWanted = false;
        step({ kind: "ackAsked" });
      },
    });
  }

  #saveLostWrites(backlog: Backlog, replid: string, from: number): void {
    const lost = collectLostWrites(backlog, from);
    if (lost === null) return;
    const { io, host, settings } = this.#parts;
    const path = `${settings.dir}/${lostWritesName(replid, from, backlog.end)}`;
    try {
      io.disk.replaceSync(path, lost.bytes);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      host.log.warning(`${lost.commands} writes that the new primary lacks could not be kept in ${path}: ${why}`);
      return;
    }
    this.lostWrites.files++;
    this.lostWrites.bytes += lost.bytes.length;
    const part = lost.complete ? "" : " (the backlog no longer held the first of them)";
    host.log.warning(`${lost.commands} writes that the new primary lacks are kept in ${path}${part}`);
  }
}
