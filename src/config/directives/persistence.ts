/** Snapshots and the append-only file. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, INT_MIN, integer, LONG_MAX, memory } from "../numeric.ts";
import { savePoints } from "../special.ts";
import { baseName } from "../texts.ts";

const AOF = { inert: "used by the append-only file only, which `appendonly yes` would turn on" };

export const persistence = {
  save: savePoints([
    { seconds: 3600, changes: 1 },
    { seconds: 300, changes: 100 },
    { seconds: 60, changes: 10000 },
  ]),
  dbfilename: baseName("dbfilename", "filename", "dump.rdb", { protected: true }),
  "stop-writes-on-bgsave-error": yesNo(true),
  rdbcompression: yesNo(true),
  rdbchecksum: yesNo(true, { immutable: true }),
  "rdb-del-sync-files": yesNo(false, { inert: "a full sync leaves no file behind" }),
  "rdb-save-incremental-fsync": yesNo(true),
  "rdb-version-check": oneOf(["strict", "relaxed"], "strict", {
    refuse: (check) => (check === "strict" ? undefined : "an RDB file of an unknown version is never read"),
  }),
  "sanitize-dump-payload": oneOf(["no", "yes", "clients"], "no"),
  "rdb-key-save-delay": integer(0, INT_MIN, INT_MAX, { hidden: true }),
  "key-load-delay": integer(0, INT_MIN, INT_MAX, { hidden: true }),
  "loading-process-events-interval-bytes": integer(2 * 1024 * 1024, 1024, INT_MAX, {
    hidden: true,
    inert: "clients are answered between any two pieces of 128 KiB of a file that is being loaded",
  }),

  appendonly: yesNo(false, {
    denyLoading: true,
    refuse: (on) => (on ? "the append-only file (appendonly yes) is not supported yet" : undefined),
  }),
  appendfilename: baseName("appendfilename", "filename", "appendonly.aof", { immutable: true, ...AOF }),
  appenddirname: baseName("appenddirname", "dirname", "appendonlydir", { immutable: true, ...AOF }),
  appendfsync: oneOf(["everysec", "always", "no"], "everysec", AOF),
  "no-appendfsync-on-rewrite": yesNo(false, AOF),
  "auto-aof-rewrite-percentage": integer(100, 0, INT_MAX, AOF),
  "auto-aof-rewrite-min-size": memory(64 * 1024 * 1024, 0, LONG_MAX, AOF),
  "aof-load-truncated": yesNo(true, AOF),
  "aof-use-rdb-preamble": yesNo(true, AOF),
  "aof-timestamp-enabled": yesNo(false, AOF),
  "aof-rewrite-incremental-fsync": yesNo(true, AOF),
  "aof-disable-auto-gc": yesNo(false, AOF),
};
