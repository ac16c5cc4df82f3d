/** Who listens to what on one connection, and which of the words that arrive are theirs. */
import type { Reply } from "../resp/reply-reader.ts";

/** `channel` and `payload` as the connection gives strings; `pattern` where the subscription is one of PSUBSCRIBE. */
export type OnMessage = (channel: string, payload: string | Buffer, pattern?: string) => void;

const confirmations = new Set(["subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"]);

export function isConfirmation(kind: string): boolean {
  return confirmations.has(kind);
}

export class Subscriptions {
  readonly #channels = new Map<string, OnMessage>();
  readonly #patterns = new Map<string, OnMessage>();
  /** As the server counts them, in its last confirmation. */
  #confirmed = 0;

  /**
   * Whether the connection is, or is about to be, in RESP2's subscriber mode, where arrays that start with "message" are
   * messages. Elsewhere they are replies.
   */
  get active(): boolean {
    return this.#confirmed > 0 || this.#channels.size > 0 || this.#patterns.size > 0;
  }

  add(channel: string, onMessage: OnMessage, pattern: boolean): void {
    (pattern ? this.#patterns : this.#channels).set(channel, onMessage);
  }

  remove(channel: string, pattern: boolean): void {
    // Still confirmed on the server: what it has sent meanwhile must not pass for a reply.
    (pattern ? this.#patterns : this.#channels).delete(channel);
    this.#confirmed = Math.max(this.#confirmed, 1);
  }

  confirm(items: Reply[]): void {
    if (typeof items[2] === "number") this.#confirmed = items[2];
  }

  /** Hands a message to its listener; false if the words are no message. */
  deliver(kind: string, items: Reply[]): boolean {
    if (kind === "message" && items.length === 3) {
      const channel = String(items[1]);
      this.#channels.get(channel)?.(channel, items[2] as string | Buffer);
      return true;
    }
    if (kind === "pmessage" && items.length === 4) {
      const pattern = String(items[1]);
      this.#patterns.get(pattern)?.(String(items[2]), items[3] as string | Buffer, pattern);
      return true;
    }
    return false;
  }
}
