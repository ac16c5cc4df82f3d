/**
 * What the machines of this room want done. A machine is told what happened (its inputs stand beside it) and answers with
 * effects; `shell.ts` performs them in order, and nothing else touches the world.
 */
import type { Endpoint } from "../io/net.ts";
import type { Backlog } from "./backlog.ts";
import type { PauseReason, Role } from "./dataset.ts";

export type Effect =
  | { readonly kind: "log"; readonly level: "debug" | "verbose" | "notice" | "warning"; readonly text: string }
  | ReplicaEffect
  | LinkEffect
  | RoleEffect
  | GroupEffect;

/** Towards the replicas attached to us. */
export type ReplicaEffect =
  | { readonly kind: "sendTo"; readonly id: number; readonly bytes: Uint8Array }
  /** Everything from this byte of the stream on, and then the stream as it comes. */
  | { readonly kind: "streamFrom"; readonly id: number; readonly offset: number }
  /** A snapshot of this moment for these replicas; the stream from here on is kept for each until `streamBehindRdb`. */
  | { readonly kind: "snapshot"; readonly ids: readonly number[]; readonly sized: boolean }
  /** One more reader for a sized snapshot that is still being prepared. */
  | { readonly kind: "joinSnapshot"; readonly id: number }
  /** It wants nothing behind the RDB. */
  | { readonly kind: "leaveSnapshot"; readonly id: number }
  /** It has loaded its RDB: what was kept, and then the stream as it comes. */
  | { readonly kind: "streamBehindRdb"; readonly id: number }
  | { readonly kind: "dropReplica"; readonly id: number }
  /** All of them: the machine of the replicas is told. */
  | { readonly kind: "dropReplicas" }
  /** More of the stream, for all who follow it: PING, REPLCONF GETACK. */
  | { readonly kind: "stream"; readonly bytes: Uint8Array };

/** On our link to a primary. */
export type LinkEffect =
  | { readonly kind: "connect"; readonly endpoint: Endpoint }
  | { readonly kind: "hangUp" }
  | { readonly kind: "say"; readonly words: readonly string[] }
  | { readonly kind: "sayNewline" }
  | { readonly kind: "expectRdb" }
  | { readonly kind: "expectStream" }
  | { readonly kind: "beginLoad" }
  | { readonly kind: "abortLoad" }
  /** Before they are overwritten: our commands from this byte of our stream on, which the primary's history lacks. */
  | { readonly kind: "saveLostWrites"; readonly backlog: Backlog; readonly replid: string; readonly from: number }
  | { readonly kind: "commitLoad" }
  | { readonly kind: "sendAck" };

/** About what we are. */
export type RoleEffect =
  | { readonly kind: "roleChanged"; readonly role: Role }
  /** The next command of our own stream is to start with a SELECT. */
  | { readonly kind: "selectAgain" }
  | { readonly kind: "pauseWrites"; readonly reason: PauseReason }
  | { readonly kind: "resumeWrites"; readonly reason: PauseReason };

/** Towards Sentinels and members of the roster. */
export type GroupEffect =
  | { readonly kind: "askSentinel"; readonly sentinel: Endpoint }
  | { readonly kind: "askRole"; readonly endpoint: Endpoint; readonly about: "candidate" | "member" }
  | { readonly kind: "enrol"; readonly member: Endpoint; readonly host: string; readonly port: number }
  | { readonly kind: "becomeReplicaOf"; readonly endpoint: Endpoint }
  | { readonly kind: "saveGroup" }
  | { readonly kind: "releaseReplies" }
  | { readonly kind: "dropHeldReplies" };

export function notice(text: string): Effect {
  return { kind: "log", level: "notice", text };
}

export function warning(text: string): Effect {
  return { kind: "log", level: "warning", text };
}

export function debug(text: string): Effect {
  return { kind: "log", level: "debug", text };
}
