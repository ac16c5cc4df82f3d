/** The options of SENTINEL SET. */
import { ReplyError } from "../base/reply-error.ts";
import { wholeNumber } from "./codec.ts";
import type { Master } from "./instances.ts";
import type { SetChange } from "./protocol.ts";
import type { State } from "./state.ts";

const err = (text: string) => new ReplyError("ERR", text);

/** How many words follow each option. */
const lengths: Record<string, number> = {
  "down-after-milliseconds": 1,
  "failover-timeout": 1,
  "parallel-syncs": 1,
  "notification-script": 1,
  "client-reconfig-script": 1,
  "auth-pass": 1,
  "auth-user": 1,
  quorum: 1,
  "rename-command": 2,
  "master-reboot-down-after-period": 1,
  "primary-reboot-down-after-period": 1,
};

/** Splits the words after the name of the master into options with their values. */
export function readSetChanges(words: readonly string[]): SetChange[] {
  const changes: SetChange[] = [];
  for (let i = 0; i < words.length; ) {
    const option = words[i]!;
    const length = lengths[option.toLowerCase()];
    if (length === undefined || i + length >= words.length) {
      throw err(`Unknown option or number of arguments for SENTINEL SET '${option}'`);
    }
    changes.push({ option, values: words.slice(i + 1, i + 1 + length) });
    i += 1 + length;
  }
  return changes;
}

/** @throws  for a value that cannot be */
export function checkSet(s: State, { option, values }: SetChange): void {
  const invalid = (value: string) => err(`Invalid argument '${value}' for SENTINEL SET '${option}'`);
  switch (option.toLowerCase()) {
    case "down-after-milliseconds":
    case "failover-timeout":
    case "parallel-syncs":
    case "quorum":
      if (!(wholeNumber(values[0]!) > 0)) throw invalid(values[0]!);
      return;
    case "master-reboot-down-after-period":
    case "primary-reboot-down-after-period":
      if (Number.isNaN(wholeNumber(values[0]!))) throw invalid(values[0]!);
      return;
    case "rename-command": {
      const empty = values.find((value) => value === "");
      if (empty !== undefined) throw invalid(empty);
      return;
    }
    case "notification-script":
    case "client-reconfig-script":
      if (s.options.denyScriptsReconfig) {
        throw err(
          "Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig " +
            "configuration directive in your Sentinel configuration",
        );
      }
  }
}

/** @returns  whether connections made with the old value are of no more use */
export function applySet(master: Master, option: string, values: readonly string[]): boolean {
  const [value, second] = values as [string, string | undefined];
  const text = value === "" ? null : value;
  switch (option) {
    case "down-after-milliseconds":
      master.downAfterMs = Number(value);
      return false;
    case "failover-timeout":
      master.failoverTimeoutMs = Number(value);
      return false;
    case "parallel-syncs":
      master.parallelSyncs = Number(value);
      return false;
    case "quorum":
      master.quorum = Number(value);
      return false;
    case "master-reboot-down-after-period":
    case "primary-reboot-down-after-period":
      master.rebootDownAfterMs = Number(value);
      return false;
    case "notification-script":
      master.notificationScript = text;
      return false;
    case "client-reconfig-script":
      master.clientReconfigScript = text;
      return false;
    case "rename-command":
      if (value.toLowerCase() === second!.toLowerCase()) master.renamed.delete(value.toLowerCase());
      else master.renamed.set(value.toLowerCase(), second!);
      return false;
    case "auth-user":
      master.authUser = text;
      return true;
    default:
      master.authPass = text;
      return true;
  }
}
