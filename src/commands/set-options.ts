/** The words behind SET's value and GETEX's key. */
import type { Slice } from "../base/bytes.ts";
import { errors } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import type { Call } from "./call.ts";
import { parseTime } from "./keyspace.ts";

/** What becomes of the expiry; "" if the client does not say. */
export type Ttl = "" | "EX" | "PX" | "EXAT" | "PXAT" | "KEEPTTL" | "PERSIST";

const TIMES = ["EX", "PX", "EXAT", "PXAT"] as const;

/** One object serves all commands. */
export class SetOptions {
  condition: "" | "NX" | "XX" = "";
  get = false;
  ttl: Ttl = "";
  /** The argument of EX, PX, EXAT or PXAT. */
  expiry: Slice | null = null;

  /** Words that exclude each other are a syntax error; the same word twice is none, and its last argument counts. */
  parse(args: Args, from: number, command: "SET" | "GETEX"): void {
    this.condition = "";
    this.get = false;
    this.ttl = "";
    this.expiry = null;
    args.position = from;
    while (args.more) {
      if (!this.#takeTime(args) && !(command === "SET" ? this.#takeOfSet(args) : this.#takeTtl(args, "PERSIST")))
        throw errors.syntax;
    }
  }

  #takeTime(args: Args): boolean {
    for (let i = 0; i < TIMES.length; i++) {
      if (!this.#takeTtl(args, TIMES[i]!)) continue;
      this.expiry = args.next();
      return true;
    }
    return false;
  }

  #takeTtl(args: Args, ttl: Ttl): boolean {
    if (!args.take(ttl)) return false;
    if (this.ttl !== "" && this.ttl !== ttl) throw errors.syntax;
    this.ttl = ttl;
    return true;
  }

  #takeOfSet(args: Args): boolean {
    if (args.take("GET")) this.get = true;
    else if (args.take("NX")) this.#setCondition("NX");
    else if (args.take("XX")) this.#setCondition("XX");
    else return this.#takeTtl(args, "KEEPTTL");
    return true;
  }

  #setCondition(condition: "NX" | "XX"): void {
    if (this.condition !== "" && this.condition !== condition) throw errors.syntax;
    this.condition = condition;
  }
}

/** The argument of EX, PX, EXAT or PXAT as unix milliseconds. @throws  for what is not above zero, or too large */
export function parseExpiry(call: Call, text: Slice, ttl: Ttl): number {
  const unitMs = ttl === "EX" || ttl === "EXAT" ? 1000 : 1;
  const baseMs = ttl === "EX" || ttl === "PX" ? call.now : 0;
  return parseTime(call, text, unitMs, baseMs, true);
}
