/** DEBUG LISTPACK, QUICKLIST and HTSTATS-KEY: how the elements of one value lie. */
import type { Slice } from "../../base/bytes.ts";
import type { Log } from "../../base/log.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Database } from "../../engine/database.ts";
import type { Engine } from "../../engine/engine.ts";
import { type StatedTable, tableStats } from "../../engine/table-stats.ts";
import { unseen } from "./unseen.ts";

/** Logs what a packed value looks like. @throws ReplyError  if it is not packed in this way */
export function logPacked(engine: Engine, db: Database, key: Slice, form: "listpack" | "quicklist", log: Log): void {
  const encoding = db.encoding(key);
  if (encoding === null) throw errors.noSuchKey;
  // A hash with fields that expire has the form of its own name, and is a listpack all the same.
  if (!encoding.startsWith(form)) throw new ReplyError("ERR", `Not a ${form} encoded object.`);
  const nodes = form === "quicklist" ? `, ${nodesOf(engine, db, key).length} nodes` : "";
  log.notice(`${key.utf8()}: ${encoding}, ${db.memoryUsage(key)} bytes with its key${nodes}`);
}

/** How many elements each node of a list of nodes has. */
export function nodesOf(engine: Engine, db: Database, key: Slice): number[] {
  return unseen(engine, () => {
    const counts: number[] = [];
    engine.lists.read(db, key)?.nodes((_bytes, _begin, _end, count) => counts.push(count));
    return counts;
  });
}

/** @throws ReplyError  if the value has no hash table */
export function describeValueTable(engine: Engine, db: Database, key: Slice): string {
  return unseen(engine, () => {
    const value = db.get(key);
    if (value === null) throw errors.noSuchKey;
    const { sets, hashes, sortedSets } = engine;
    let table: StatedTable | undefined;
    const encoding = db.encoding(key);
    if (value.type === "set" && encoding === "hashtable") table = sets.value(0).position(value.root).table;
    else if (value.type === "hash" && encoding === "hashtable") table = hashes.at(value.root).table.table;
    else if (value.type === "zset" && encoding === "skiplist") table = sortedSets.value().position(value.root).table;
    if (table === undefined) {
      throw new ReplyError("ERR", "The value stored at the specified key is not represented using an hash table");
    }
    return tableStats(table, engine.store.arena).text;
  });
}
