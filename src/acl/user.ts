/** A user: how he proves who he is, and what he may do. */
import { splitWords } from "../base/words.ts";
import { hashPassword, isOneOf, isPasswordHash } from "./passwords.ts";
import { RuleError } from "./rule-error.ts";
import { Selector, untilZero } from "./selector.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What rules are read against. */
export interface RuleContext {
  readonly vocabulary: Vocabulary;
  /** acl-pubsub-default: whether a new selector may use all channels. */
  readonly allChannelsByDefault: boolean;
}

/** Texts are one character a byte. */
export class User {
  readonly name: string;
  enabled = false;
  /** Any password will do. */
  nopass = false;
  /** Payloads that he restores are checked deeply, where the server lets users choose. */
  sanitize = true;
  /** SHA-256, in hex. */
  passwords: string[] = [];
  /** The first is his own; rules in parentheses add more. Never empty. */
  selectors: Selector[];
  /** Some selector allows all there is: nothing needs to be checked. */
  unrestricted = false;
  readonly #context: RuleContext;

  constructor(name: string, context: RuleContext) {
    this.name = name;
    this.#context = context;
    this.selectors = [this.#newSelector()];
  }

  #newSelector(): Selector {
    return new Selector(this.#context.vocabulary, this.#context.allChannelsByDefault);
  }

  /** Takes over all that the other has but his name. */
  become(other: User): void {
    this.enabled = other.enabled;
    this.nopass = other.nopass;
    this.sanitize = other.sanitize;
    this.passwords = [...other.passwords];
    this.selectors = other.selectors.map((selector) => selector.copy());
    this.unrestricted = other.unrestricted;
  }

  /** Whether that password lets somebody in as this user. */
  admits(password: Uint8Array): boolean {
    // Looked at in any case: the time it takes does not tell who is turned off.
    const isHis = isOneOf(password, this.passwords);
    return this.enabled && (this.nopass || isHis);
  }

  /** The flags, as ACL GETUSER shows them. */
  get flags(): string[] {
    const flags = [this.enabled ? "on" : "off"];
    if (this.nopass) flags.push("nopass");
    flags.push(this.sanitize ? "sanitize-payload" : "skip-sanitize-payload");
    return flags;
  }

  /** The rules that make a user like this one, as ACL LIST, ACL SAVE and CONFIG REWRITE write them. */
  describe(): string {
    const [root, ...others] = this.selectors.map((selector) => selector.describe());
    return [
      ...this.flags,
      ...this.passwords.map((hash) => `#${hash}`),
      root,
      ...others.map((rules) => `(${rules})`),
    ].join(" ");
  }

  /**
   * Obeys rules; those before a wrong one have been obeyed then.
   * @param rules  those in parentheses as one text each (see `joinSelectors`)
   * @throws WrongRule
   */
  applyAll(rules: readonly string[]): void {
    for (const rule of rules) {
      try {
        this.apply(rule);
      } catch (error) {
        if (error instanceof RuleError) throw new WrongRule(rule, error);
        throw error;
      }
    }
  }

  /** @throws RuleError */
  apply(rule: string): void {
    this.#apply(rule);
    this.unrestricted = this.selectors.some((selector) => selector.allowsAll);
  }

  #apply(rule: string): void {
    if (rule === "") return;
    switch (untilZero(rule).toLowerCase()) {
      case "on":
        this.enabled = true;
        return;
      case "off":
        this.enabled = false;
        return;
      case "sanitize-payload":
        this.sanitize = true;
        return;
      case "skip-sanitize-payload":
        this.sanitize = false;
        return;
      case "nopass":
        this.nopass = true;
        this.passwords = [];
        return;
      case "resetpass":
        this.nopass = false;
        this.passwords = [];
        return;
      case "clearselectors":
        this.selectors.length = 1;
        return;
      case "reset":
        this.#reset();
        return;
      default:
        this.#applyOther(rule);
    }
  }

  #applyOther(rule: string): void {
    const sign = rule[0];
    if (sign === ">" || sign === "#") this.#addPassword(hashIn(rule));
    else if (sign === "<" || sign === "!") this.#removePassword(hashIn(rule));
    else if (sign === "(" && rule.endsWith(")")) this.#addSelector(rule.slice(1, -1));
    else this.selectors[0]!.apply(rule);
  }

  #addPassword(hash: string): void {
    if (!this.passwords.includes(hash)) this.passwords.push(hash);
    this.nopass = false;
  }

  #removePassword(hash: string): void {
    if (!this.passwords.includes(hash)) throw new RuleError("noSuchPassword");
    this.passwords = this.passwords.filter((one) => one !== hash);
  }

  #addSelector(rules: string): void {
    const selector = this.#newSelector();
    // Quotes that do not close leave no rules at all, as in Redis.
    for (const rule of splitWords(rules) ?? []) selector.apply(rule);
    if (!isReadAgain(selector.describe())) throw new RuleError("syntax");
    this.selectors.push(selector);
  }

  #reset(): void {
    this.enabled = false;
    this.nopass = false;
    this.sanitize = true;
    this.passwords = [];
    this.selectors = [this.#newSelector()];
  }
}

/** A rule that could not be obeyed. */
export class WrongRule extends Error {
  readonly rule: string;
  readonly fault: RuleError["fault"];

  constructor(rule: string, reason: RuleError) {
    super(reason.message);
    this.rule = rule;
    this.fault = reason.fault;
  }
}

/**
 * Whether a selector's rules, written between parentheses, are taken for the same again. A pattern that ends in one would close them,
 * one with quotes might not: a file with such a selector could not be loaded. Redis takes and writes them.
 */
function isReadAgain(rules: string): boolean {
  const words = rules.split(" ");
  const read = splitWords(rules);
  return read?.length === words.length && words.every((word, i) => word === read[i] && !word.endsWith(")"));
}

/** Of `>password`, `#hash` and the two that take them away. */
function hashIn(rule: string): string {
  const text = rule.slice(1);
  if (rule[0] === ">" || rule[0] === "<") return hashPassword(Buffer.from(text, "latin1"));
  if (!isPasswordHash(text)) throw new RuleError("badHash");
  return text;
}

/** Parentheses that are not closed: `start` is the word that opens them. */
export class UnmatchedParenthesis extends Error {
  constructor(readonly start: string) {
    super(`Unmatched parenthesis in acl selector starting at '${untilZero(start)}'.`);
  }
}

/**
 * Words in parentheses become one rule.
 * @throws UnmatchedParenthesis
 */
export function joinSelectors(words: readonly string[]): string[] {
  const rules: string[] = [];
  let open: string | null = null;
  let start = "";
  for (const word of words) {
    if (word.startsWith("(") && !word.endsWith(")")) {
      open = start = word;
      continue;
    }
    if (open === null) {
      rules.push(word);
      continue;
    }
    open += ` ${untilZero(word)}`;
    if (!word.endsWith(")")) continue;
    rules.push(open);
    open = null;
  }
  if (open !== null) throw new UnmatchedParenthesis(start);
  return rules;
}

/** Whether a name cannot be a user's. */
export function isBadName(name: string): boolean {
  return /[\t-\r \0]/.test(name);
}
