/**
 * An error the client is meant to see: `code` is its first word, then Redis' own wording, letter for letter. A character stands
 * for a byte, so that an argument is repeated as it came (`Slice.quotable`).
 */
export class ReplyError extends Error {
  readonly code: string;

  constructor(code: string, text: string) {
    super(text === "" ? code : `${code} ${text}`);
    this.name = "ReplyError";
    this.code = code;
  }
}

/** As ReplyError, from one line as it stands on the wire (without the leading "-"). */
export function replyErrorFromLine(line: string): ReplyError {
  const space = line.indexOf(" ");
  return space < 0 ? new ReplyError(line, "") : new ReplyError(line.slice(0, space), line.slice(space + 1));
}

const err = (text: string) => new ReplyError("ERR", text);

/** The one catalogue of texts that more than one command answers with. */
export const errors = {
  wrongType: new ReplyError("WRONGTYPE", "Operation against a key holding the wrong kind of value"),
  syntax: err("syntax error"),
  notInteger: err("value is not an integer or out of range"),
  notFloat: err("value is not a valid float"),
  notPositive: err("value is out of range, must be positive"),
  outOfRange: err("value is out of range"),
  overflow: err("increment or decrement would overflow"),
  notFinite: err("increment would produce NaN or Infinity"),
  noSuchKey: err("no such key"),
  indexOutOfRange: err("index out of range"),
  stringTooLong: err("string exceeds maximum allowed size (proto-max-bulk-len)"),
  dbIndexOutOfRange: err("DB index is out of range"),
  invalidDbIndex: err("invalid DB index"),
  sameObject: err("source and destination objects are the same"),
  busyKey: new ReplyError("BUSYKEY", "Target key name already exists."),
  noAuth: new ReplyError("NOAUTH", "Authentication required."),
  wrongPass: new ReplyError("WRONGPASS", "invalid username-password pair or user is disabled."),
  noProto: new ReplyError("NOPROTO", "unsupported protocol version"),
  outOfMemory: new ReplyError("OOM", "command not allowed when used memory > 'maxmemory'."),
  readOnly: new ReplyError("READONLY", "You can't write against a read only replica."),
  noReplicas: new ReplyError("NOREPLICAS", "Not enough good replicas to write."),
  masterDown: new ReplyError("MASTERDOWN", "Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
  loading: new ReplyError("LOADING", "Redis is loading the dataset in memory"),
  execAbort: new ReplyError("EXECABORT", "Transaction discarded because of previous errors."),
  maxClients: err("max number of clients reached"),
  wrongArgCount: (command: string) => err(`wrong number of arguments for '${command}' command`),
  unknownSubcommand: (subcommand: string, command: string) =>
    err(`unknown subcommand '${subcommand.slice(0, 128)}'. Try ${command.toUpperCase()} HELP.`),
  /** A subcommand that is there, with words it does not take. */
  subcommandSyntax: (subcommand: string, command: string) =>
    err(
      `unknown subcommand or wrong number of arguments for '${subcommand.slice(0, 128)}'. Try ${command.toUpperCase()} HELP.`,
    ),
  invalidExpire: (command: string) => err(`invalid expire time in '${command}' command`),
};
