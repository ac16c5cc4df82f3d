/** DEBUG POPULATE: many keys at once, for tests. */
import { Slice } from "../../base/bytes.ts";
import { errors } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import type { Call } from "../../commands/call.ts";

/** Keys that are there already are left alone. Nothing goes to the replicas. */
export function populate({ db, reply }: Call, args: Args): void {
  const count = args.integer(errors.notPositive);
  const prefix = args.more ? args.next().latin1() : "key";
  const size = args.more ? args.integer(errors.notPositive) : 0;
  if (count < 0 || size < 0) throw errors.notPositive;
  const key = new Slice();
  const value = new Slice();
  for (let i = 0; i < count; i++) {
    const name = Buffer.from(`${prefix}:${i}`, "latin1");
    if (db.has(key.set(name, 0, name.length))) continue;
    const text = Buffer.from(`value:${i}`);
    const bytes = size === 0 ? text : Buffer.alloc(size);
    if (size > 0) text.copy(bytes, 0, 0, Math.min(size, text.length));
    db.setString(key, value.set(bytes, 0, bytes.length));
  }
  reply.ok();
}
