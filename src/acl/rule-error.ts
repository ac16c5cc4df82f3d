/** Why a rule cannot be, in Redis' words. */

export type Fault =
  | "unknown"
  | "syntax"
  | "keysAfterAll"
  | "channelsAfterAll"
  | "noSuchPassword"
  | "badHash"
  | "ofSubcommand";

const TEXTS: Readonly<Record<Fault, string>> = {
  unknown: "Unknown command or category name in ACL",
  syntax: "Syntax error",
  keysAfterAll:
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  channelsAfterAll:
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
  noSuchPassword: "The password you are trying to remove from the user does not exist",
  badHash: "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters",
  ofSubcommand: "Allowing first-arg of a subcommand is not supported",
};

export class RuleError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(TEXTS[fault]);
    this.fault = fault;
  }
}
