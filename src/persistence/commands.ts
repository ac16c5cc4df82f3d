/** SAVE, BGSAVE and LASTSAVE. */
import type { Args } from "../commands/args.ts";
import { type Call, type CommandRow, family } from "../commands/call.ts";
import { type Persistence, persistenceErrors } from "./persistence.ts";

export function persistenceCommands(persistence: Persistence): CommandRow[] {
  return family("server", {
    SAVE: {
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      run: (call) => save(call, persistence),
      docs: {
        since: "1.0.0",
        summary: "Writes the data set to disk; nothing else runs until it is there.",
        complexity: "O(N) where N is the total number of keys in all databases",
      },
    },
    BGSAVE: {
      arity: -1,
      flags: ["admin", "noscript", "no_async_loading"],
      run: (call, args) => bgsave(call, args, persistence),
      docs: {
        since: "1.0.0",
        summary: "Begins to write the data set to disk, as it is now, while commands go on.",
        complexity: "O(1)",
        arguments: [{ name: "schedule", type: "pure-token", token: "SCHEDULE", since: "3.2.2", flags: ["optional"] }],
      },
    },
    LASTSAVE: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      acl: ["admin", "dangerous"],
      tips: ["nondeterministic_output"],
      run: ({ reply }) => reply.integer(persistence.lastSaveAt),
      docs: {
        since: "1.0.0",
        summary: "Tells when the data set was last written to disk, in Unix seconds.",
        complexity: "O(1)",
      },
    },
  });
}

function save({ reply }: Call, persistence: Persistence): void {
  if (persistence.saving) throw persistenceErrors.saveInProgress;
  if (!persistence.saveNow()) throw persistenceErrors.saveFailed;
  reply.ok();
}

function bgsave({ reply, session }: Call, args: Args, persistence: Persistence): void {
  if (args.left === 1 && args.take("CANCEL")) {
    cancel(reply, persistence);
    return;
  }
  const schedule = args.take("SCHEDULE");
  args.end();
  if (persistence.saving) throw persistenceErrors.saveInProgress;
  if (session.denyBlocking) {
    // Half a transaction must not be saved: it begins when the whole of it has run.
    const how = schedule ? "due to user request" : "to run after transaction execution";
    persistence.host.log.notice(`Background saving scheduled ${how}`);
    persistence.scheduleBackgroundSave();
    reply.simple("Background saving scheduled");
    return;
  }
  persistence.startBackgroundSave();
  reply.simple("Background saving started");
}

/** BGSAVE CANCEL, a word of Valkey 8.1. */
function cancel(reply: Call["reply"], persistence: Persistence): void {
  const { log } = persistence.host;
  if (persistence.saving) {
    log.notice("Background saving will be aborted due to user request");
    persistence.abortBackgroundSave();
    reply.simple("Background saving cancelled");
  } else if (persistence.scheduled) {
    log.notice("Scheduled background saving will be cancelled due to user request");
    persistence.scheduled = false;
    reply.simple("Scheduled background saving cancelled");
  } else {
    throw persistenceErrors.noSaveToCancel;
  }
}
