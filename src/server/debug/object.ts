/** DEBUG OBJECT and DEBUG HTSTATS: how keys and tables lie in memory. */
import type { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Database } from "../../engine/database.ts";
import type { Engine } from "../../engine/engine.ts";
import { dump } from "../../rdb/payload.ts";
import { nodesOf } from "./forms.ts";
import { unseen } from "./unseen.ts";

/** What a payload has around the value: its type, version and checksum. */
const FRAME_BYTES = 11;

/** @throws errors.noSuchKey */
export function describeObject(engine: Engine, db: Database, key: Slice): string {
  const payload = unseen(engine, () => dump(engine, db, key));
  if (payload === null) throw errors.noSuchKey;
  const fields = [
    `Value at:0x${db.keyspace.hash(key.bytes, key.start, key.end).toString(16).padStart(12, "0")}`,
    `refcount:${db.refcount(key)}`,
    `encoding:${db.encoding(key)}`,
    `serializedlength:${payload.length - FRAME_BYTES}`,
    `lru:${db.age(key)}`,
    `lru_seconds_idle:${engine.policy.lfu ? 0 : db.idleSeconds(key)}`,
  ];
  if (db.encoding(key) === "quicklist") fields.push(...describeNodes(engine, db, key));
  return fields.join(" ");
}

/** What Redis adds for a list of nodes; nodes are not compressed here. */
function describeNodes(engine: Engine, db: Database, key: Slice): string[] {
  const nodes = nodesOf(engine, db, key);
  const elements = nodes.reduce((sum, count) => sum + count, 0);
  return [
    `ql_nodes:${nodes.length}`,
    `ql_avg_node:${(elements / nodes.length).toFixed(2)}`,
    `ql_listpack_max:${engine.policy.listMaxListpackSize}`,
    "ql_compressed:0",
    `ql_uncompressed_size:${db.memoryUsage(key)}`,
  ];
}

/** @throws ReplyError  if there is no such database */
export function describeTables(engine: Engine, index: number): string {
  const db = engine.databases[index];
  if (db === undefined) throw new ReplyError("ERR", "Out of range database");
  // Keys that expire are kept in an array: there are no buckets to tell of.
  const volatile =
    db.volatileSize === 0 ? "No stats available for empty dictionaries" : ` number of elements: ${db.volatileSize}`;
  return `[Dictionary HT]\n${db.tableStats().text}[Expires HT]\n${volatile}\n`;
}
