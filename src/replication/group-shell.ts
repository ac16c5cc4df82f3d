/** Performs the effects towards Sentinels and members of the roster: questions, REPLICAOF, and the file of the group. */
import { utf8 } from "../base/bytes.ts";
import type { Io } from "../io/io.ts";
import type { Endpoint } from "../io/net.ts";
import { askSentinel, askServer, enrol } from "./asking.ts";
import type { AskPeer, Dataset, ReplicationHost, ReplicationSettings } from "./dataset.ts";
import type { GroupEffect } from "./effects.ts";
import { label } from "./failover.ts";
import { GROUP_FILE, Group } from "./group.ts";
import type { GuardInput } from "./guard.ts";
import type { MachineInput } from "./machine.ts";
import type { RosterInput } from "./roster.ts";

export interface GroupShellParts {
  readonly io: Io;
  readonly host: ReplicationHost;
  readonly dataset: Dataset;
  readonly settings: ReplicationSettings;
  readonly ask: AskPeer;
  /** The machine is told; a stopped one no longer listens. */
  readonly step: (input: GuardInput | RosterInput | MachineInput) => void;
}

export class GroupShell {
  readonly group: Group;
  readonly #parts: GroupShellParts;

  constructor(parts: GroupShellParts) {
    this.#parts = parts;
    const file = parts.io.disk.readSync(this.#path);
    this.group = Group.fromJson(file === undefined ? "" : Buffer.from(file).toString("utf8"));
  }

  perform(effect: GroupEffect): void {
    const { host, step } = this.#parts;
    switch (effect.kind) {
      case "askSentinel":
        this.#watch(this.#askSentinel(effect.sentinel));
        return;
      case "askRole":
        this.#watch(this.#askRole(effect.endpoint, effect.about));
        return;
      case "enrol":
        this.#watch(this.#enrol(effect.member, effect));
        return;
      case "becomeReplicaOf":
        step({ kind: "replicaOf", endpoint: effect.endpoint, by: "", trusted: true });
        return;
      case "saveGroup":
        this.#save();
        return;
      case "releaseReplies":
        host.releaseReplies();
        return;
      case "dropHeldReplies":
        host.dropHeldReplies();
        return;
    }
  }

  /** Nobody waits for these; what goes wrong in them is a fault of ours, and is told. */
  #watch(work: Promise<void>): void {
    work.catch((error: Error) =>
      this.#parts.host.log.warning(`Asking the group failed: ${error.stack ?? error.message}`),
    );
  }

  get #path(): string {
    return `${this.#parts.settings.dir}/${GROUP_FILE}`;
  }

  #save(): void {
    const { io, host } = this.#parts;
    io.disk.replace(this.#path, utf8(this.group.toJson())).catch((error: Error) => {
      host.log.warning(`${GROUP_FILE} could not be written: ${error.message}`);
    });
  }

  async #askSentinel(sentinel: Endpoint): Promise<void> {
    const { ask, settings, step } = this.#parts;
    const word = await askSentinel(ask, sentinel, settings.sentinelsMasterName || this.group.name, settings);
    step({ kind: "sentinelSaid", sentinel, word });
  }

  async #askRole(endpoint: Endpoint, about: "candidate" | "member"): Promise<void> {
    const { ask, settings, dataset, step } = this.#parts;
    const word = await askServer(ask, endpoint, settings);
    if (about === "candidate") step({ kind: "candidateSaid", endpoint, word });
    else step({ kind: "memberSaid", member: endpoint, word, ourKeys: dataset.keyCount() });
  }

  async #enrol(member: Endpoint, us: Endpoint): Promise<void> {
    const { ask, host, settings } = this.#parts;
    const objection = await enrol(ask, member, us, settings);
    if (objection !== null) host.log.warning(`REPLICAOF was refused by ${label(member)}: ${objection}`);
  }
}
