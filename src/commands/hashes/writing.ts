/** Setting and deleting fields. */
import { errors } from "../../base/reply-error.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { deprecated, docs, key, multiple, string } from "../docs.ts";
import { createHash, deleteIfEmpty, fieldsDeleted, fieldsSet, findField, openOrCreate, pairs } from "./fields.ts";

// biome-ignore format: a table
export const hashWriting = family("hash", {
  HSET: {
    arity: -4, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "update"), run: hset,
    docs: docs("2.0.0", "O(N), N being the number of fields", "Gives fields of a hash values and answers how many were new.", key(), pairs),
  },
  HMSET: {
    arity: -4, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "update"), run: hmset,
    docs: deprecated("4.0.0", "`HSET` with multiple field-value pairs",
      docs("2.0.0", "O(N), N being the number of fields", "Gives fields of a hash values.", key(), pairs)),
  },
  HSETNX: {
    arity: 4, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: hsetnx,
    docs: docs("2.0.0", "O(1)", "Gives a field of a hash a value if there is no such field.", key(), string("field"), string("value")),
  },
  HDEL: {
    arity: -3, flags: ["write", "fast"], keys: keyAt(1, "RW", "delete"), run: hdel,
    docs: docs("2.0.0", "O(N), N being the number of fields", "Deletes fields of a hash, and the hash with the last of them.", key(), multiple(string("field"))),
  },
});

function hset(call: Call, args: Args): void {
  const isNew = setFields(call, args);
  call.reply.integer(isNew);
}

function hmset(call: Call, args: Args): void {
  setFields(call, args);
  call.reply.ok();
}

/** Returns how many fields are new. */
function setFields(call: Call, args: Args): number {
  const { count } = args;
  if ((count & 1) === 1) throw errors.wrongArgCount(call.row.name);
  const name = args.at(1);
  const hash = openOrCreate(call, name);
  const fields = (count - 2) >>> 1;
  // As Redis: so many fields make a table at once, even if some of them are the same.
  if (!hash.isTable && fields > call.engine.policy.hashMaxListpackEntries) hash.convert();
  let isNew = 0;
  for (let i = 2; i < count; i += 2) if (hash.set(args.at(i), args.at(i + 1))) isNew++;
  if (hash.isExpiring) call.engine.hashes.settle(call.db, hash);
  call.changed(name, fieldsSet, fields);
  return isNew;
}

function hsetnx(call: Call, args: Args): void {
  const name = args.at(1);
  const field = args.at(2);
  let hash = openOrCreate(call, name);
  if (findField(call, name, hash, field)) {
    call.reply.integer(0);
    return;
  }
  if (hash.root === 0) hash = createHash(call, name);
  hash.set(field, args.at(3));
  call.changed(name, fieldsSet);
  call.reply.integer(1);
}

function hdel(call: Call, args: Args): void {
  const name = args.at(1);
  const hash = call.engine.hashes.open(call.db, name);
  let gone = 0;
  if (hash !== null) {
    for (let i = 2; i < args.count && hash.size > 0; i++) {
      if (!hash.find(args.at(i))) continue;
      hash.remove();
      gone++;
    }
    if (gone > 0) {
      call.changed(name, fieldsDeleted, gone);
      deleteIfEmpty(call, name, hash);
    }
  }
  call.reply.integer(gone);
}
