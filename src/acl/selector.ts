/**
 * A selector: which commands, with which keys, with which channels. A user has one of his own, and any number that rules in
 * parentheses add; what one of them allows he may do.
 */
import { Slice } from "../base/bytes.ts";
import { RuleError } from "./rule-error.ts";
import type { KnownCommand, Vocabulary } from "./vocabulary.ts";

/** What a key is needed for, or may be used for, as bits. */
export const READ = 1;
export const WRITE = 2;

export interface KeyPattern {
  readonly text: string;
  readonly glob: Slice;
  /** READ, WRITE or both. */
  access: number;
}

export interface ChannelPattern {
  readonly text: string;
  readonly glob: Slice;
}

const BLANK = /[\t-\r \0]/;

/** Texts are one character a byte. */
export class Selector {
  allCommands = false;
  allKeys = false;
  allChannels = false;
  keys: KeyPattern[] = [];
  channels: ChannelPattern[] = [];
  /** A bit a command, by id. */
  readonly #allowed: Uint32Array;
  /** Words that a command, not allowed otherwise, may have behind its name; by id. */
  readonly #firstWords = new Map<number, string[]>();
  /** Whether it began as `+@all`, and the rules take away. */
  #beganWithAll = false;
  /** What was said of commands since `+@all` or `-@all`, in order, what is said anew left out: ACL LIST shows it. */
  #rules: string[] = [];
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary, allChannels: boolean) {
    this.#vocabulary = vocabulary;
    this.allChannels = allChannels;
    this.#allowed = new Uint32Array((vocabulary.size >> 5) + 1);
  }

  copy(): Selector {
    const copy = new Selector(this.#vocabulary, this.allChannels);
    copy.allCommands = this.allCommands;
    copy.allKeys = this.allKeys;
    copy.keys = this.keys.map((pattern) => ({ ...pattern }));
    copy.channels = [...this.channels];
    copy.#allowed.set(this.#allowed);
    for (const [id, words] of this.#firstWords) copy.#firstWords.set(id, [...words]);
    copy.#beganWithAll = this.#beganWithAll;
    copy.#rules = [...this.#rules];
    return copy;
  }

  /** Nothing is left to look at. */
  get allowsAll(): boolean {
    return this.allCommands && this.allKeys && this.allChannels;
  }

  /** Whether the command's bit is set. */
  has(id: number): boolean {
    return (this.#allowed[id >>> 5]! & (1 << (id & 31))) !== 0;
  }

  /** The words that may follow the command whose bit is not set; undefined for none. */
  firstWords(id: number): readonly string[] | undefined {
    return this.#firstWords.get(id);
  }

  /** Whether every key may be used so. */
  hasEveryKey(access: number): boolean {
    return this.allKeys || this.keys.some((pattern) => pattern.text === "*" && (pattern.access & access) === access);
  }

  /**
   * Obeys one rule.
   * @throws RuleError
   */
  apply(rule: string): void {
    const word = untilZero(rule);
    switch (word.toLowerCase()) {
      case "allkeys":
      case "~*":
        this.#everyKey(true);
        break;
      case "resetkeys":
        this.#everyKey(false);
        break;
      case "allchannels":
      case "&*":
        this.#everyChannel(true);
        break;
      case "resetchannels":
        this.#everyChannel(false);
        break;
      case "allcommands":
      case "+@all":
        this.#everyCommand(true);
        break;
      case "nocommands":
      case "-@all":
        this.#everyCommand(false);
        break;
      default:
        this.#applyPattern(rule, word);
    }
  }

  #everyKey(all: boolean): void {
    this.allKeys = all;
    this.keys = [];
  }

  #everyChannel(all: boolean): void {
    this.allChannels = all;
    this.channels = [];
  }

  #everyCommand(all: boolean): void {
    this.#allowed.fill(all ? 0xffffffff : 0);
    this.allCommands = all;
    this.#beganWithAll = all;
    this.#firstWords.clear();
    this.#rules = [];
  }

  #applyPattern(rule: string, word: string): void {
    const sign = word[0];
    if (sign === "~" || sign === "%") this.#addKeys(rule);
    else if (sign === "&") this.#addChannels(rule.slice(1));
    else if ((sign === "+" || sign === "-") && word[1] === "@") this.#setCategory(word.slice(2), sign === "+");
    else if (sign === "-") this.#setCommand(this.#find(word.slice(1)), false);
    else if (sign === "+") this.#allow(word.slice(1));
    else throw new RuleError("syntax");
  }

  #addKeys(rule: string): void {
    if (this.allKeys) throw new RuleError("keysAfterAll");
    const [access, text] = rule[0] === "~" ? [READ | WRITE, rule.slice(1)] : splitAccess(rule);
    if (BLANK.test(text)) throw new RuleError("syntax");
    const there = this.keys.find((pattern) => pattern.text === text);
    if (there) there.access |= access;
    else this.keys.push({ text, glob: globOf(text), access });
  }

  #addChannels(text: string): void {
    if (this.allChannels) throw new RuleError("channelsAfterAll");
    if (BLANK.test(text)) throw new RuleError("syntax");
    if (!this.channels.some((pattern) => pattern.text === text)) this.channels.push({ text, glob: globOf(text) });
  }

  #setCategory(name: string, allow: boolean): void {
    const category = this.#vocabulary.category(name);
    if (category === undefined) throw new RuleError("unknown");
    this.#note(`@${category}`, allow);
    for (const command of this.#vocabulary.inCategory(category)) this.#setBits(command, allow);
  }

  #setCommand(command: KnownCommand, allow: boolean): void {
    this.#setBits(command, allow);
    this.#note(command.name, allow);
  }

  /** `+command`, `+container|subcommand` or `+command|firstword`. */
  #allow(name: string): void {
    const bar = name.lastIndexOf("|");
    if (bar < 0) {
      this.#setCommand(this.#find(name), true);
      return;
    }
    const command = this.#find(name.slice(0, bar));
    const word = name.slice(bar + 1);
    if (command.isSubcommand) throw new RuleError("ofSubcommand");
    if (word === "") throw new RuleError("syntax");
    if (command.subcommands) this.#setBits(this.#find(name), true);
    else this.#addFirstWord(command.id, word);
    this.#note(name.toLowerCase(), true);
  }

  #addFirstWord(id: number, word: string): void {
    const words = this.#firstWords.get(id);
    if (words === undefined) this.#firstWords.set(id, [word]);
    else if (!words.some((other) => other.toLowerCase() === word.toLowerCase())) words.push(word);
  }

  #find(name: string): KnownCommand {
    const command = this.#vocabulary.find(name);
    if (command === undefined) throw new RuleError("unknown");
    return command;
  }

  /** A container's bit goes for its subcommands too. */
  #setBits(command: KnownCommand, allow: boolean): void {
    this.#setBit(command.id, allow);
    this.#firstWords.delete(command.id);
    for (const below of command.subcommands?.values() ?? []) this.#setBit(below.id, allow);
  }

  #setBit(id: number, allow: boolean): void {
    if (allow) this.#allowed[id >>> 5]! |= 1 << (id & 31);
    else {
      this.#allowed[id >>> 5]! &= ~(1 << (id & 31));
      this.allCommands = false;
    }
  }

  /** Keeps the rule for `commandRules`, in the place of earlier ones of the same command and its subcommands. */
  #note(name: string, allow: boolean): void {
    this.#rules = this.#rules.filter((rule) => rule.slice(1) !== name && !rule.startsWith(`${name}|`, 1));
    this.#rules.push((allow ? "+" : "-") + name);
  }

  /** The rules that allow the same commands, as ACL GETUSER shows them. */
  get commandRules(): string {
    return [this.#beganWithAll ? "+@all" : "-@all", ...this.#rules].join(" ");
  }

  get keyRules(): string {
    return this.allKeys ? "~*" : this.keys.map(keyRule).join(" ");
  }

  get channelRules(): string {
    return this.allChannels ? "&*" : this.channels.map(({ text }) => `&${text}`).join(" ");
  }

  /** All rules in one line, as ACL LIST shows them. */
  describe(): string {
    const channels = this.allChannels ? "&*" : `resetchannels ${this.channelRules}`;
    return [this.keyRules, channels.trimEnd(), this.commandRules].filter((part) => part !== "").join(" ");
  }
}

function keyRule({ text, access }: KeyPattern): string {
  if (access === READ) return `%R~${text}`;
  return access === WRITE ? `%W~${text}` : `~${text}`;
}

/** `%R~pattern`, `%W~`, `%RW~`, in any order and case. */
function splitAccess(rule: string): [access: number, text: string] {
  let access = 0;
  let at = 1;
  for (; at < rule.length; at++) {
    const letter = rule[at]!.toUpperCase();
    if (letter === "~") {
      at++;
      break;
    }
    const bit = letter === "R" ? READ : letter === "W" ? WRITE : 0;
    if (bit === 0 || (access & bit) !== 0) throw new RuleError("syntax");
    access |= bit;
  }
  if (access === 0) throw new RuleError("syntax");
  return [access, rule.slice(at)];
}

function globOf(text: string): Slice {
  return new Slice(Buffer.from(text, "latin1"));
}

/** As C reads it. */
export function untilZero(text: string): string {
  const zero = text.indexOf("\0");
  return zero < 0 ? text : text.slice(0, zero);
}
