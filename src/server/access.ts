/**
 * Who may do what here: joins the users of acl/ with the connections that speak as them. A connection whose user may do everything
 * carries no guard bit and is never asked; any other has each of its commands looked at by `deny`.
 */
import { AclLog, type DenialReason } from "../acl/log.ts";
import type { Selector } from "../acl/selector.ts";
import { type RuleContext, User } from "../acl/user.ts";
import { Users } from "../acl/users.ts";
import { hasChannel, Judge, Verdict } from "../acl/verdict.ts";
import { Vocabulary } from "../acl/vocabulary.ts";
import { Slice } from "../base/bytes.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
import type { RequestWords } from "../commands/key-specs.ts";
import type { CommandTable } from "../commands/table.ts";
import { clientLine, clientType } from "./client-list.ts";
import { type Connection, Guard } from "./connection.ts";
import type { Server } from "./server.ts";
import { UserSource } from "./user-source.ts";

const REASONS: Readonly<Record<Exclude<Verdict, 0>, DenialReason>> = { 1: "command", 2: "key", 4: "channel" };

const AT_EXEC: Readonly<Record<Exclude<Verdict, 0>, string>> = {
  1: "no permission to execute the command or subcommand",
  2: "no permission to touch the specified keys",
  4: "no permission to access one of the channels used as arguments to the command",
};

export class Access {
  readonly users: Users;
  readonly vocabulary: Vocabulary;
  readonly log = new AclLog();
  readonly source: UserSource;
  readonly #server: Server;
  readonly #judge = new Judge();
  /** Whom no password lets in. */
  readonly #nobody: User;

  constructor(server: Server, table: CommandTable) {
    this.#server = server;
    const { config } = server;
    this.vocabulary = new Vocabulary(table.original, table.idCount, !server.sentinelMode);
    const { vocabulary } = this;
    const context: RuleContext = {
      vocabulary,
      get allChannelsByDefault() {
        return config.values["acl-pubsub-default"] === "allchannels";
      },
    };
    this.users = new Users(context);
    this.#nobody = new User("", context);
    this.users.setDefaultPassword(config.values.requirepass);
    this.source = new UserSource(server, this.users, context);
  }

  /**
   * Makes the users that the configuration, or the file it names, tells of.
   * @throws StartError
   */
  load(): void {
    this.source.load();
  }

  /**
   * ACL LOAD: the users of the file, and none but them.
   * @param asking  who asks: his connection ends behind the answer if his user was there before
   * @throws AclFileError  and nothing has changed
   */
  loadFile(asking: Connection): void {
    const { default: stranger } = this.users;
    const could = stranger.selectors;
    const before = new Set(this.source.loadFile());
    // The default user's clients stay, but not to listen to what is not his any more.
    this.#endListeners(stranger, could, stranger.selectors, asking);
    for (const connection of this.#connections())
      if (connection.account !== null && before.has(connection.account)) this.#end(connection, asking);
    this.#regardAll();
  }

  // --- connections ----------------------------------------------------------------------------------------------------

  /** Whether strangers are let in without a password. */
  get isOpen(): boolean {
    const { enabled, nopass } = this.users.default;
    return enabled && nopass;
  }

  /** A client has come, or begins anew (RESET): it is the default user. */
  welcome(connection: Connection): void {
    connection.authenticated = this.isOpen;
    this.#become(connection, this.users.default);
  }

  /** Whether the connection is that user's now. A refusal is counted and logged. */
  authenticate(connection: Connection, name: string, password: Slice, command: string): boolean {
    const user = this.users.get(name);
    // Nobody's password is looked at as anybody's is: how long a refusal takes does not tell whether there is such a user.
    if (!(user ?? this.#nobody).admits(password.view()) || user === undefined) {
      this.#note(connection, "auth", command, name);
      return false;
    }
    connection.authenticated = true;
    this.#become(connection, user);
    return true;
  }

  #become(connection: Connection, user: User): void {
    connection.account = user;
    connection.user = user.name;
    this.#regard(connection);
  }

  /** Brings the connection's guards in line with its user's rules. */
  #regard(connection: Connection): void {
    const { authenticated, account } = connection;
    if (authenticated || this.isOpen) {
      connection.admit();
      connection.authenticated = authenticated;
    } else connection.askPassword();
    if (account === null || account.unrestricted) connection.guards &= ~Guard.acl;
    else connection.guards |= Guard.acl;
  }

  #regardAll(): void {
    for (const connection of this.#connections()) if (connection.account !== null) this.#regard(connection);
  }

  #connections(): Connection[] {
    return [...this.#server.clients.byId.values()];
  }

  /** `requirepass` has been set. */
  setDefaultPassword(password: string): void {
    this.users.setDefaultPassword(password);
    this.#regardAll();
  }

  /**
   * ACL SETUSER: all rules or none. Who listens to what he may not any more is cut off.
   * @throws WrongRule, UnmatchedParenthesis
   */
  setUser(name: string, words: readonly string[], asking: Connection): void {
    const draft = this.users.draft(name, words);
    const current = this.users.get(name);
    if (current) this.#endListeners(current, current.selectors, draft.selectors, asking);
    this.users.commit(draft);
    this.#regardAll();
  }

  /** ACL DELUSER: whether there was one. His clients are cut off. */
  deleteUser(name: string, asking: Connection): boolean {
    const user = this.users.delete(name);
    if (user === undefined) return false;
    for (const connection of this.#connections()) if (connection.account === user) this.#end(connection, asking);
    return true;
  }

  /** Cuts off the user's clients that listen to what he could and may not any more. */
  #endListeners(user: User, before: readonly Selector[], now: readonly Selector[], asking: Connection): void {
    if (now.some((selector) => selector.allChannels)) return;
    const channels = now.flatMap((selector) => selector.channels);
    const kept = new Set(channels.map(({ text }) => text));
    const losesNone = before.every(
      (selector) => !selector.allChannels && selector.channels.every(({ text }) => kept.has(text)),
    );
    if (losesNone) return;
    const may = (channel: string, literally: boolean) => hasChannel(channels, latin1(channel), literally);
    for (const connection of this.#connections()) {
      if (connection.account !== user || clientType(connection) !== "pubsub") continue;
      const stays =
        [...connection.patterns].every((pattern) => may(pattern, true)) &&
        [...connection.channels, ...connection.shardChannels].every((channel) => may(channel, false));
      if (!stays) this.#end(connection, asking);
    }
  }

  /** Nobody's any more: what it has sent is not run, and it ends; behind its answer if it is the one that asks. */
  #end(connection: Connection, asking: Connection): void {
    connection.authenticated = false;
    // What EXEC still has of it is the default user's to run.
    this.#become(connection, this.users.default);
    if (connection === asking) connection.closeSoon();
    else connection.close("its user, or what it listens to, is gone");
  }

  // --- verdicts -------------------------------------------------------------------------------------------------------

  /** Why the connection may not run the request, or null. A refusal is counted and logged. */
  deny(connection: Connection, row: CommandRow, args: Args): ReplyError | null {
    const verdict = this.#check(connection, row, args);
    if (verdict === Verdict.allowed) return null;
    return new ReplyError("NOPERM", this.describe(verdict, connection.account!, row, null));
  }

  /** The same for a command of MULTI when its time has come: rules may have changed since it was queued. */
  denyQueued(connection: Connection, row: CommandRow, args: Args): ReplyError | null {
    const verdict = this.#check(connection, row, args);
    if (verdict === Verdict.allowed) return null;
    return new ReplyError(
      "NOPERM",
      `ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${AT_EXEC[verdict]}`,
    );
  }

  #check(connection: Connection, row: CommandRow, args: Args): Verdict {
    const { account } = connection;
    if (account === null) return Verdict.allowed;
    const verdict = this.#judge.check(account, row, args);
    if (verdict === Verdict.allowed) return verdict;
    const object = verdict === Verdict.command ? row.name : firstOf(args.at(this.#judge.place));
    this.#note(connection, REASONS[verdict], object, account.name);
    return verdict;
  }

  /** ACL DRYRUN: null if the user may, or why not. */
  tryOut(user: User, row: CommandRow, words: RequestWords): string | null {
    const verdict = this.#judge.check(user, row, words);
    if (verdict === Verdict.allowed) return null;
    return this.describe(verdict, user, row, words.at(this.#judge.place));
  }

  /** @param object  the key or channel that is not the user's; null for a text that does not tell */
  describe(verdict: Exclude<Verdict, 0>, user: User, row: CommandRow, object: Slice | null): string {
    if (verdict === Verdict.command) return `User ${user.name} has no permissions to run the '${row.name}' command`;
    const what = verdict === Verdict.key ? "key" : "channel";
    if (object === null) return `No permissions to access a ${what}`;
    return `User ${user.name} has no permissions to access the '${object.latin1()}' ${what}`;
  }

  /** Whether the request, which may be run, may read whatever key it comes to: SORT by and for what its elements name. */
  mayReadAnyKey(connection: Connection, row: CommandRow, args: Args): boolean {
    const { account } = connection;
    return account === null || account.unrestricted || this.#judge.mayReadAnything(account, row, args);
  }

  #note(connection: Connection, reason: DenialReason, object: string, username: string): void {
    const { config, now, stats } = this.#server;
    stats.aclDenied[reason]++;
    const context = connection.transaction.active || connection.denyBlocking ? "multi" : "toplevel";
    const line = clientLine(connection, now, connection);
    this.log.add({ reason, context, object, username }, now, line, config.values["acllog-max-len"]);
  }
}

/** How much of a key or a channel ACL LOG keeps: a word may have half a gigabyte. */
const MOST_LOGGED = 1024;

function firstOf({ bytes, start, end }: Slice): string {
  return new Slice(bytes, start, Math.min(end, start + MOST_LOGGED)).latin1();
}

function latin1(text: string): Slice {
  return new Slice(Buffer.from(text, "latin1"));
}
