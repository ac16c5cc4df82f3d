/** Whether a user may run a request, and if not what is in the way. One object a server: it is positioned anew each time. */
import type { Slice } from "../base/bytes.ts";
import { matchGlob } from "../base/glob.ts";
import { type CommandRow, FlagBit } from "../commands/call.ts";
import type { RequestWords } from "../commands/key-specs.ts";
import { RequestKeys } from "./keys.ts";
import { type ChannelPattern, READ, type Selector } from "./selector.ts";
import type { User } from "./user.ts";

/** The further on, the nearer a selector came to allowing it. */
export const Verdict = { allowed: 0, command: 1, key: 2, channel: 4 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

export class Judge {
  /** After a refusal for a key or a channel: which word it is. */
  place = 0;
  readonly #keys = new RequestKeys();
  #keysFound = false;
  #at = 0;

  /** Whether one of the user's selectors allows the whole request. */
  check(user: User, row: CommandRow, words: RequestWords): Verdict {
    const { selectors } = user;
    this.#keysFound = false;
    this.#at = 0;
    this.place = 0;
    let verdict: Verdict = Verdict.command;
    for (let i = 0; i < selectors.length; i++) {
      const found = this.#ask(selectors[i]!, row, words);
      if (found === Verdict.allowed) return found;
      if (found < verdict || (found === verdict && this.#at <= this.place)) continue;
      verdict = found;
      this.place = this.#at;
    }
    return verdict;
  }

  /** Whether a selector that allows the request lets any key be read: SORT may look wherever its patterns lead then. */
  mayReadAnything(user: User, row: CommandRow, words: RequestWords): boolean {
    this.#keysFound = false;
    return user.selectors.some(
      (selector) => this.#ask(selector, row, words) === Verdict.allowed && selector.hasEveryKey(READ),
    );
  }

  #ask(selector: Selector, row: CommandRow, words: RequestWords): Verdict {
    if (!selector.allCommands && (row.bits & FlagBit.no_auth) === 0 && !selector.has(row.id))
      if (!hasFirstWord(selector, row, words)) return Verdict.command;
    if (!selector.allKeys && row.keys.length > 0 && !this.#hasKeys(selector, row, words)) return Verdict.key;
    if (!selector.allChannels && !this.#hasChannels(selector, row, words)) return Verdict.channel;
    return Verdict.allowed;
  }

  #hasKeys(selector: Selector, row: CommandRow, words: RequestWords): boolean {
    const keys = this.#keys;
    if (!this.#keysFound) keys.find(row, words);
    this.#keysFound = true;
    for (let i = 0; i < keys.count; i++) {
      const place = keys.places[i]!;
      if (hasKey(selector, words.at(place), keys.access[i]!)) continue;
      this.#at = place;
      return false;
    }
    return true;
  }

  #hasChannels(selector: Selector, row: CommandRow, words: RequestWords): boolean {
    const last = lastChannel(row, words.count);
    const literally = row.name === "psubscribe";
    for (let i = 1; i <= last; i++) {
      if (hasChannel(selector.channels, words.at(i), literally)) continue;
      this.#at = i;
      return false;
    }
    return true;
  }
}

function hasFirstWord(selector: Selector, row: CommandRow, words: RequestWords): boolean {
  const allowed = selector.firstWords(row.id);
  if (allowed === undefined || words.count < 2) return false;
  const word = words.at(1).quotable().toLowerCase();
  return allowed.some((one) => one.toLowerCase() === word);
}

function hasKey(selector: Selector, key: Slice, access: number): boolean {
  const patterns = selector.keys;
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i]!;
    if ((pattern.access & access) === access && matchGlob(pattern.glob, key)) return true;
  }
  return false;
}

/**
 * Whether the channel may be used.
 * @param literally  it is a pattern itself: only the very same one will do
 */
export function hasChannel(patterns: readonly ChannelPattern[], channel: Slice, literally: boolean): boolean {
  for (let i = 0; i < patterns.length; i++) {
    const { glob, text } = patterns[i]!;
    if (literally ? channel.quotable() === text : matchGlob(glob, channel)) return true;
  }
  return false;
}

/** Channels stand from the first word behind the name up to this one; 0 for none. Nobody is kept from leaving a channel. */
function lastChannel(row: CommandRow, count: number): number {
  switch (row.name) {
    case "publish":
    case "spublish":
      return 1;
    case "subscribe":
    case "ssubscribe":
    case "psubscribe":
      return count - 1;
    default:
      return 0;
  }
}
