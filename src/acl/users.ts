/** All users of a server. There is always one called "default": who has not said who he is. */
import { isBadName, joinSelectors, type RuleContext, UnmatchedParenthesis, User, WrongRule } from "./user.ts";

export const DEFAULT_USER = "default";

/** What a reader of ACL files found wrong, all of it in one line. */
export class AclFileError extends Error {}

export class Users {
  readonly #context: RuleContext;
  #byName = new Map<string, User>();

  constructor(context: RuleContext) {
    this.#context = context;
    this.#byName.set(DEFAULT_USER, this.#makeDefault());
  }

  /** The same object for as long as the server lives, whatever becomes of its rules. */
  get default(): User {
    return this.#byName.get(DEFAULT_USER)!;
  }

  get(name: string): User | undefined {
    return this.#byName.get(name);
  }

  /** By name, in the order of their bytes. */
  get all(): User[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Lines of an ACL file, and of a configuration. */
  get lines(): string[] {
    return this.all.map((user) => `user ${user.name} ${user.describe()}`);
  }

  /**
   * A copy of the user, or a new one, as the rules make him: nothing has changed yet.
   * @throws WrongRule, UnmatchedParenthesis
   */
  draft(name: string, words: readonly string[]): User {
    const draft = new User(name, this.#context);
    const current = this.get(name);
    if (current) draft.become(current);
    draft.applyAll(joinSelectors(words));
    return draft;
  }

  /** Gives the user of the draft's name its rules, making him if need be. */
  commit(draft: User): User {
    const current = this.get(draft.name);
    if (current === undefined) this.#byName.set(draft.name, draft);
    else current.become(draft);
    return current ?? draft;
  }

  delete(name: string): User | undefined {
    if (name === DEFAULT_USER) return undefined;
    const user = this.get(name);
    this.#byName.delete(name);
    return user;
  }

  /** `requirepass`: "" for none. One character a byte. */
  setDefaultPassword(password: string): void {
    this.default.apply("resetpass");
    this.default.apply(password === "" ? "nopass" : `>${password}`);
  }

  /**
   * Makes a user as a line of the configuration says. Rules about commands that are not known are an error as any other.
   * @param words  the name and its rules
   * @throws WrongRule, UnmatchedParenthesis
   */
  configure([name, ...words]: readonly [string, ...string[]]): User {
    const draft = new User(name, this.#context);
    if (name === DEFAULT_USER) draft.apply("reset");
    draft.applyAll(joinSelectors(words));
    return this.commit(draft);
  }

  /**
   * Puts the users of a file in the place of all there are, or of none if anything in it is wrong.
   * @param path  as messages name it
   * @returns  those who were there before, the default user apart
   * @throws AclFileError
   */
  load(text: string, path: string): User[] {
    const loaded = new Map<string, User>();
    let wrong = "";
    for (const [i, raw] of text.split("\n").entries()) wrong += this.#loadLine(raw, `${path}:${i + 1}`, i + 1, loaded);
    if (wrong !== "")
      throw new AclFileError(
        `${wrong}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`,
      );
    const before = [...this.#byName.values()].filter((user) => user.name !== DEFAULT_USER);
    const { default: same } = this;
    same.become(loaded.get(DEFAULT_USER) ?? this.#makeDefault());
    loaded.set(DEFAULT_USER, same);
    this.#byName = loaded;
    return before;
  }

  /** Returns what is wrong with the line, or nothing. */
  #loadLine(raw: string, where: string, number: number, loaded: Map<string, User>): string {
    const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
    if (line === "") return "";
    const [keyword, name, ...words] = line.split(" ");
    if (keyword !== "user" || name === undefined)
      return `${where} should start with user keyword followed by the username. `;
    if (isBadName(name)) return `'${where}: username '${name}' contains invalid characters. `;
    if (loaded.has(name)) return `WARNING: Duplicate user '${name}' found on line ${number}. `;
    const user = new User(name, this.#context);
    loaded.set(name, user);
    return obey(user, words, where);
  }

  #makeDefault(): User {
    const user = new User(DEFAULT_USER, this.#context);
    user.applyAll(["+@all", "~*", "&*", "on", "nopass"]);
    return user;
  }
}

/** Tells of every command that is not known, since such a rule holds no secret, and of the first other fault. */
function obey(user: User, words: readonly string[], where: string): string {
  let rules: string[];
  try {
    rules = joinSelectors(words);
  } catch (error) {
    if (error instanceof UnmatchedParenthesis) return `${where}: Unmatched parenthesis in selector definition.`;
    throw error;
  }
  let wrong = "";
  let told = false;
  for (const rule of rules) {
    const trimmed = rule.replace(/^[\t\r\n]+|[\t\r\n]+$/g, "");
    try {
      user.applyAll([trimmed]);
    } catch (error) {
      if (!(error instanceof WrongRule)) throw error;
      if (error.fault === "unknown") wrong += `${where}: Error in applying operation '${trimmed}': ${error.message}. `;
      else if (!told) wrong += `${where}: ${error.message}. `;
      told ||= error.fault !== "unknown";
    }
  }
  return wrong;
}
