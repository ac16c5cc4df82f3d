/** What goes into the machine and what comes out of it. `shell.ts` turns the world into inputs and effects into the world. */
import type { Reply } from "../resp/reply-reader.ts";
import type { Address } from "./address.ts";
import type { ChannelName, Instance, Link, Master, Peer, Replica } from "./instances.ts";
import type { Timings } from "./settings.ts";

export type LogLevel = "debug" | "verbose" | "notice" | "warning";

/** What a command that was sent is for: comes back with its answer. */
export type Request =
  | { readonly kind: "ping"; readonly instance: Instance }
  | { readonly kind: "info"; readonly instance: Instance }
  | { readonly kind: "hello"; readonly instance: Instance }
  /** SENTINEL IS-MASTER-DOWN-BY-ADDR; `epoch` is the one a vote was asked for in, or null. */
  | { readonly kind: "opinion"; readonly peer: Peer; readonly about: Address; readonly epoch: number | null }
  /** The EXEC of a change of role. */
  | { readonly kind: "exec"; readonly replica: Replica; readonly purpose: "promote" | "follow" | "demote" }
  /** FAILOVER, sent to a healthy primary. */
  | { readonly kind: "handover"; readonly master: Master; readonly epoch: number }
  | { readonly kind: "ignore"; readonly instance: Instance };

/** An operator's or another Sentinel's wish, as a SENTINEL subcommand brings it. */
export type Order =
  | {
      readonly kind: "monitor";
      readonly name: string;
      readonly host: string;
      readonly port: number;
      readonly quorum: number;
    }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "reset"; readonly pattern: string }
  | { readonly kind: "failover"; readonly name: string }
  | { readonly kind: "set"; readonly name: string; readonly changes: readonly SetChange[] }
  | { readonly kind: "configure"; readonly changes: readonly (readonly [option: string, value: string])[] }
  | { readonly kind: "debug"; readonly changes: readonly (readonly [field: keyof Timings, ms: number])[] }
  | { readonly kind: "simulate"; readonly afterElection: boolean; readonly afterPromotion: boolean }
  /** IS-MASTER-DOWN-BY-ADDR; `runid` is null where no vote is sought. */
  | {
      readonly kind: "ask";
      readonly host: string;
      readonly port: number;
      readonly epoch: number;
      readonly runid: string | null;
    }
  | { readonly kind: "flush" };

/** One option of SENTINEL SET; the words are as the client gave them. */
export interface SetChange {
  readonly option: string;
  readonly values: readonly string[];
}

export type Input =
  /** The process runs and can hear others; `port` is where. */
  | { readonly kind: "start"; readonly port: number }
  /** At least every 100 ms: a longer pause means that this process, not the world, stood still. */
  | { readonly kind: "tick" }
  /** A moment that the machine asked to be woken at. */
  | { readonly kind: "wake" }
  | { readonly kind: "connected"; readonly link: Link; readonly channel: ChannelName; readonly localHost: string }
  | {
      readonly kind: "disconnected";
      readonly link: Link;
      readonly channel: ChannelName;
      readonly refused: boolean;
      readonly reason: string;
    }
  /** The answer to what was sent on `link`, which need not be the instance's link any more. */
  | { readonly kind: "reply"; readonly link: Link; readonly request: Request; readonly reply: Reply }
  /** A message on the hello channel of a server we are subscribed to. */
  | { readonly kind: "message"; readonly link: Link; readonly text: string }
  /** A hello that another Sentinel published at us. */
  | { readonly kind: "hello"; readonly text: string }
  | { readonly kind: "resolved"; readonly host: string; readonly ip: string }
  /** Whether the last `save` reached the disk. */
  | { readonly kind: "saved"; readonly ok: boolean }
  | Order;

/** Performed in order: a save is on disk before what comes after it happens. */
export type Effect =
  | { readonly kind: "save" }
  | {
      readonly kind: "connect";
      readonly link: Link;
      readonly channel: ChannelName;
      readonly address: Address;
      readonly timeoutMs: number;
    }
  | { readonly kind: "disconnect"; readonly link: Link; readonly channel: ChannelName }
  | {
      readonly kind: "send";
      readonly link: Link;
      readonly words: readonly string[];
      readonly request: Request;
      readonly channel: ChannelName;
    }
  /** Subscribes the pub/sub channel to the hello channel; `command` is SUBSCRIBE or what it is called there. */
  | { readonly kind: "subscribe"; readonly link: Link; readonly command: string }
  | { readonly kind: "resolve"; readonly host: string }
  /** Logged, and published on the channel of that name unless it is for debugging. */
  | { readonly kind: "event"; readonly level: LogLevel; readonly name: string; readonly text: string }
  /** `untilMs` from now is a moment that the text ends with. */
  | { readonly kind: "log"; readonly level: LogLevel; readonly text: string; readonly untilMs?: number }
  | { readonly kind: "script"; readonly argv: readonly string[] }
  | { readonly kind: "wake"; readonly delayMs: number }
  /** The answer to an `ask`. Not to be given if the save before it failed and it carries a vote. */
  | { readonly kind: "answer"; readonly down: boolean; readonly leader: string | null; readonly epoch: number }
  | { readonly kind: "exit"; readonly code: number };
