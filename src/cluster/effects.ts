/** What goes into the machine and what it wants done. The shell performs effects in their order. */
import type { Message, NodeId } from "./messages.ts";
import type { NodeAddress } from "./node.ts";

export type Input =
  /** Every 100 ms. */
  | { readonly kind: "tick" }
  | { readonly kind: "connected"; readonly link: number; readonly remoteIp: string; readonly localIp: string }
  /** `refused`: the host answers that nobody listens there. */
  | { readonly kind: "disconnected"; readonly link: number; readonly refused: boolean }
  | { readonly kind: "message"; readonly link: number; readonly message: Message }
  /** A sibling promised to acknowledge nothing of that primary any more; it has its data up to `offset`. */
  | { readonly kind: "fenced"; readonly primary: NodeId; readonly by: NodeId; readonly offset: number }
  /** The clock went on without us. */
  | { readonly kind: "stoodStill"; readonly ms: number }
  /** Something on this link is no message of the bus. */
  | { readonly kind: "garbage"; readonly link: number; readonly what: string };

export type Effect =
  | { readonly kind: "log"; readonly level: "debug" | "verbose" | "notice" | "warning"; readonly text: string }
  | { readonly kind: "connect"; readonly link: number; readonly host: string; readonly port: number }
  | { readonly kind: "hangUp"; readonly link: number }
  | { readonly kind: "send"; readonly link: number; readonly message: Message }
  /** nodes.conf, before any effect behind it is performed; `durable`: it is to survive a loss of power. */
  | { readonly kind: "save"; readonly durable: boolean }
  /** Commands on keys are served from now on, or refused. */
  | { readonly kind: "stateChanged"; readonly ok: boolean }
  /** Who owns what is not what it was: clients are to be redirected anew. */
  | { readonly kind: "slotsChanged" }
  | { readonly kind: "replicate"; readonly id: NodeId; readonly address: NodeAddress }
  | { readonly kind: "promote" }
  /**
   * We acknowledge nothing of that primary any more, and ask these to promise the same: see `fencing.ts`. The promise ends with a
   * configuration of a higher epoch: another's, or the primary's own, if it came back and took a new one.
   */
  | { readonly kind: "fence"; readonly primary: NodeId; readonly epoch: number; readonly siblings: readonly NodeId[] }
  /** Keys of slots that are another's now. */
  | { readonly kind: "dropKeys"; readonly slots: readonly number[] }
  /** Until `resumeWrites`, which comes in any case. */
  | { readonly kind: "pauseWrites" }
  | { readonly kind: "resumeWrites" }
  /** Writes, and answers that have not left, wait until `releaseWrites`: a returning primary, see `returning.ts`. */
  | { readonly kind: "holdWrites" }
  /** `replaced`: what was acknowledged and has not left speaks of writes that are lost. */
  | { readonly kind: "releaseWrites"; readonly replaced: boolean }
  | {
      readonly kind: "published";
      readonly sharded: boolean;
      readonly channel: Uint8Array;
      readonly message: Uint8Array;
    };
