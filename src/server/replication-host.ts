/** The process and its clients as replication sees them. */
import type { Log } from "../base/log.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Session } from "../commands/session.ts";
import type { Endpoint } from "../io/net.ts";
import type {
  ParkEvents,
  ParkedClient,
  PauseReason,
  ReplicaPeer,
  ReplicationHost,
  Role,
} from "../replication/dataset.ts";
import { type Connection, Guard } from "./connection.ts";
import type { Server } from "./server.ts";

const UNBLOCKED = new ReplyError(
  "UNBLOCKED",
  "force unblock from blocking operation, instance state changed (master -> replica?)",
);

export class ServerReplicationHost implements ReplicationHost {
  readonly #server: Server;
  /** Where the stream stands, counting what has not been handed on yet. */
  readonly #offset: () => number;
  readonly #onRoleChanged: () => void;

  /** @param onRoleChanged  besides what happens here: `replicaof` has another value */
  constructor(server: Server, offset: () => number, onRoleChanged: () => void) {
    this.#server = server;
    this.#offset = offset;
    this.#onRoleChanged = onRoleChanged;
  }

  get log(): Log {
    return this.#server.log;
  }

  becomeReplica(session: Session): ReplicaPeer {
    const connection = session as Connection;
    if (connection.replica instanceof ConnectionPeer) return connection.replica;
    const peer = new ConnectionPeer(connection);
    connection.replica = peer;
    connection.guards |= Guard.replica;
    connection.mute();
    return peer;
  }

  addressOf(session: Session): Endpoint {
    return (session as Connection).socket.remote;
  }

  park(session: Session, events: ParkEvents): ParkedClient {
    const connection = session as Connection;
    const server = this.#server;
    connection.blocked = {
      kind: "wait",
      unblockable: true,
      timedOut: () => events.unblocked("timeout"),
      cancel(error) {
        connection.blocked = null;
        if (error === null) events.closed();
        else {
          connection.reply.error(new ReplyError(error.split(" ", 1)[0]!, error.slice(error.indexOf(" ") + 1)));
          events.unblocked("error");
          server.resumeLater(connection);
        }
      },
    };
    return {
      answer(write) {
        connection.blocked = null;
        write(connection.reply);
        server.resumeLater(connection);
      },
    };
  }

  writeOffsetOf(session: Session): number {
    return Math.min((session as Connection).writeOffset, this.#offset());
  }

  pauseWrites(reason: PauseReason): void {
    this.#server.pause.begin(reason, "write", Number.POSITIVE_INFINITY);
  }

  resumeWrites(reason: PauseReason): void {
    this.#server.pause.end(reason);
  }

  get runId(): string {
    return this.#server.runId;
  }

  holdReplies(): void {
    for (const connection of this.#server.clients.byId.values())
      if (connection.replica === null && connection.wroteUnsent) connection.held = true;
  }

  releaseReplies(): void {
    for (const connection of this.#held()) {
      connection.held = false;
      connection.flush();
    }
  }

  dropHeldReplies(): void {
    for (const connection of this.#held()) connection.close("its replies speak of writes that are lost");
  }

  #held(): Connection[] {
    return [...this.#server.clients.byId.values()].filter((connection) => connection.held);
  }

  roleChanged(role: Role): void {
    const server = this.#server;
    this.#onRoleChanged();
    server.refreshGuards();
    if (role === "master") return;
    for (const connection of [...server.clients.byId.values()])
      if (connection.blocked?.unblockable && connection.blocked.kind !== "wait") {
        connection.blocked.cancel(UNBLOCKED.message);
        connection.closeSoon();
      }
  }

  linkChanged(): void {
    this.#server.refreshGuards();
  }
}

class ConnectionPeer implements ReplicaPeer {
  onDrain: () => void = () => {};
  onClose: () => void = () => {};
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get id(): number {
    return this.#connection.id;
  }

  get address(): Endpoint {
    return this.#connection.socket.remote;
  }

  get lastReadAt(): number {
    return this.#connection.lastActiveAt;
  }

  get pendingBytes(): number {
    return this.#connection.outputBytes;
  }

  setNoDelay(on: boolean): void {
    this.#connection.socket.setNoDelay(on);
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#connection.closed) this.#connection.reply.raw(bytes, start, end);
  }

  close(): void {
    this.onClose = () => {};
    this.#connection.close("replication ends the link");
  }
}
