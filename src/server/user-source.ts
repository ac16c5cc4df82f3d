/** Where users come from and are kept: `user` lines of the configuration, or an ACL file. */
import { resolve } from "node:path";
import { isBadName, type RuleContext, UnmatchedParenthesis, type User, WrongRule } from "../acl/user.ts";
import { AclFileError, Users } from "../acl/users.ts";
import { quoteWord } from "../base/words.ts";
import { badLine } from "../config/file.ts";
import type { Line } from "../config/line.ts";
import { type Server, StartError } from "./server.ts";

const BOTH =
  "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your redis.conf, but not both.";

export class UserSource {
  readonly #server: Server;
  readonly #users: Users;

  /** @throws ConfigFileError  for a line that can never be */
  constructor(server: Server, users: Users, context: RuleContext) {
    this.#server = server;
    this.#users = users;
    if (this.#lines.length > 0) checkLines(this.#lines, new Users(context));
  }

  get #lines(): readonly Line[] {
    return this.#server.options.extras?.users ?? [];
  }

  /** `aclfile`; "" for none. */
  get file(): string {
    return this.#server.config.values.aclfile;
  }

  get #path(): string {
    return resolve(this.#server.config.values.dir, this.file);
  }

  /**
   * Makes the users that the configuration, or the file it names, tells of.
   * @throws StartError
   */
  load(): void {
    if (this.file !== "" && this.#lines.length > 0) throw new StartError(BOTH);
    for (const { words } of this.#lines) this.#configure(words.slice(1) as [string, ...string[]]);
    if (this.file === "") return;
    try {
      this.loadFile();
    } catch (error) {
      if (!(error instanceof AclFileError)) throw error;
      throw new StartError(`Aborting Redis startup because of ACL errors: ${error.message}`);
    }
  }

  #configure(words: [string, ...string[]]): void {
    const { log } = this.#server;
    const [name] = words;
    if (isBadName(name)) {
      log.warning("Spaces not allowed in ACL usernames");
      throw new StartError("Critical error while loading ACLs. Exiting.");
    }
    try {
      const user = this.#users.configure(words);
      if (!user.enabled)
        log.notice(
          `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.`,
        );
    } catch (error) {
      if (!(error instanceof WrongRule)) throw error;
      log.warning(`Error loading ACL rule '${error.rule}' for the user named '${name}': ${error.message}`);
      throw new StartError("Critical error while loading ACLs. Exiting.");
    }
  }

  /**
   * Puts the users of the file in the place of all there are.
   * @returns  those who were there before, the default user apart
   * @throws AclFileError  and nothing has changed
   */
  loadFile(): User[] {
    return this.#users.load(Buffer.from(this.#read()).toString("latin1"), this.file);
  }

  #read(): Uint8Array {
    let why = "No such file or directory";
    try {
      const bytes = this.#server.io.disk.readSync(this.#path);
      if (bytes !== undefined) return bytes;
    } catch (error) {
      why = (error as Error).message;
    }
    throw new AclFileError(`Error loading ACLs, opening file '${this.file}': ${why}`);
  }

  /** @throws  with the system's text */
  saveFile(): void {
    const text = this.#users.lines.map((line) => `${line}\n`).join("");
    this.#server.io.disk.replaceSync(this.#path, Buffer.from(text, "latin1"));
  }

  /** The lines of CONFIG REWRITE: none where a file has them. */
  get configLines(): string[] {
    return this.file === "" ? this.#users.lines.map(asConfigLine) : [];
  }
}

/** An ACL file knows no quotes, a configuration does: what could be mistaken for some stands in them, and a user without a name. */
function asConfigLine(line: string): string {
  return line
    .split(" ")
    .map((word) => (/^[!#-&(-~\x80-\xff]+$/.test(word) ? word : quoteWord(word)))
    .join(" ");
}

/** Refuses what can never be; a command that is not known is left to `load`, as in Redis. */
function checkLines(lines: readonly Line[], scratch: Users): void {
  const seen = new Set<string>();
  for (const line of lines) {
    const [name, ...rules] = line.words.slice(1) as [string, ...string[]];
    const refuse = (reason: string) => badLine(line, `Error in user declaration '${name}': ${reason}`);
    if (seen.has(name)) throw refuse("Duplicate user found. A user can only be defined once in config files");
    seen.add(name);
    try {
      scratch.configure([name, ...rules]);
    } catch (error) {
      if (error instanceof UnmatchedParenthesis) throw refuse(error.message);
      if (!(error instanceof WrongRule)) throw error;
      if (error.fault !== "unknown") throw refuse(error.message);
    }
  }
}
