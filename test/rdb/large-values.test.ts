/** Large values are written in slices; what is loaded is what there was when the snapshot began, whatever changed meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { RdbStream } from "../../src/rdb/stream.ts";
import { valueDigest } from "../../src/server/debug/digest.ts";
import { Harness } from "../commands/harness.ts";
import { Seeded } from "../memory/random.ts";
import { load, newEngine } from "./engines.ts";
import { FIELDS } from "./files.ts";

const DATABASES = 2;
const KINDS = ["hash", "set", "zset", "list", "string"] as const;

/** All that there is: a key with the digest of its value, its expiry, and when its fields expire. */
function contents(engine: Engine): string[] {
  const lines: string[] = [];
  const mode = engine.expiryMode;
  // A snapshot has what nobody has looked at since its time came.
  engine.expiryMode = "keep";
  for (const db of engine.databases) {
    const keys: Slice[] = [];
    db.keys((key) => keys.push(new Slice(key.copy())));
    for (const key of keys) {
      const times: string[] = [];
      if (db.typeOf(key) === "hash") {
        const hash = engine.hashes.read(db, key)!;
        for (let more = hash.first(); more; more = hash.next())
          if (hash.expireAt() !== 0) times.push(`${hash.field().latin1()}@${hash.expireAt()}`);
      }
      const expireAt = db.expireAt(key);
      lines.push(`${db.index} ${key.latin1()} ${valueDigest(engine, db, key)} ${expireAt} ${times.sort().join(" ")}`);
    }
  }
  engine.expiryMode = mode;
  return lines.sort();
}

class Writer {
  readonly harness = new Harness();
  readonly #random: Seeded;
  #value = 0;

  constructor(seed: number) {
    this.#random = new Seeded(seed);
    this.harness.engine.policy.listMaxListpackSize = 16;
  }

  below(limit: number): number {
    return this.#random.below(limit);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  run(line: string): void {
    const reply = this.harness.run(line);
    assert.ok(!/internal|unreachable/.test(reply), reply);
  }

  /** Two keys of each kind, and some that may be anything. */
  #key(kind: string): string {
    return this.below(12) === 0 ? `any${this.below(3)}` : `${kind}${this.below(2)}`;
  }

  fill(): void {
    for (const kind of KINDS)
      for (let key = 0; key < 2; key++) {
        // The second one is at times too small for a walk.
        const elements = key === 0 || this.below(2) === 0 ? 700 + this.below(900) : 150 + this.below(200);
        for (let i = 0; i < elements; i++) this.#add(kind, `${kind}${key}`);
      }
    for (let i = 0; i < 40; i++) this.run(`SET small${i} ${i}`);
  }

  #member(): string {
    return `m${this.below(2000)}`;
  }

  #add(kind: string, key: string): void {
    if (kind === "hash") this.run(`HSET ${key} ${this.#member()} ${"v".repeat(this.below(30))}${this.#value++}`);
    else if (kind === "set") this.run(`SADD ${key} ${this.#member()}`);
    else if (kind === "zset") this.run(`ZADD ${key} ${this.below(50) - 25} ${this.#member()}`);
    else if (kind === "list") this.run(`${this.#pick(["LPUSH", "RPUSH"])} ${key} e${this.#value++}`);
    else this.run(`APPEND ${key} x`);
  }

  /** Any one write. */
  write(): void {
    const kind = this.#pick(KINDS);
    const key = this.#key(kind);
    const dice = this.below(100);
    if (dice < 45) this.#add(kind, key);
    else if (dice < 85) this.run(this.#change(kind, key));
    else if (dice < 97) this.run(this.#any(kind, key));
    else if (this.below(30) === 0) this.run(this.#pick(["FLUSHALL", "FLUSHDB", "FLUSHDB ASYNC", "SWAPDB 0 1"]));
    else this.harness.session.dbIndex = this.below(DATABASES);
    if (this.below(20) === 0) this.harness.advance(this.below(300));
    if (this.below(20) === 0) this.harness.engine.resizeStep(0);
  }

  #change(kind: string, key: string): string {
    const member = this.#member();
    const count = 1 + this.below(this.below(10) === 0 ? 300 : 5);
    if (kind === "hash")
      return this.#pick([
        `HDEL ${key} ${member}`,
        `HSET ${key} ${member} ${this.#value++}`,
        `HINCRBY ${key} n${this.below(5)} 3`,
        `HPEXPIRE ${key} ${1 + this.below(3000)} FIELDS 2 ${member} ${this.#member()}`,
        `HPERSIST ${key} FIELDS 1 ${member}`,
      ]);
    if (kind === "set")
      return this.#pick([
        `SREM ${key} ${member}`,
        `SPOP ${key} ${count}`,
        `SMOVE ${key} set${this.below(2)} ${member}`,
      ]);
    if (kind === "zset")
      return this.#pick([
        `ZREM ${key} ${member}`,
        `ZINCRBY ${key} ${this.below(60) - 30} ${member}`,
        `ZPOPMIN ${key} ${count}`,
        `ZPOPMAX ${key} ${count}`,
        `ZREMRANGEBYRANK ${key} ${this.below(900)} ${this.below(900)}`,
      ]);
    if (kind === "list")
      return this.#pick([
        `LPOP ${key} ${count}`,
        `RPOP ${key} ${count}`,
        `LSET ${key} ${this.below(900)} s${this.#value++}${"z".repeat(this.below(100))}`,
        `LINSERT ${key} BEFORE e${this.below(5000)} i${this.#value++}`,
        `LREM ${key} ${this.below(5) - 2} e${this.below(5000)}`,
        `LTRIM ${key} ${this.below(20)} ${-1 - this.below(20)}`,
        `LMOVE ${key} list${this.below(2)} LEFT RIGHT`,
      ]);
    return `SETRANGE ${key} ${this.below(100)} abc`;
  }

  #any(kind: string, key: string): string {
    const other = this.#key(kind);
    return this.#pick([
      `PEXPIRE ${key} ${1 + this.below(2000)}`,
      `PERSIST ${key}`,
      `RENAME ${key} ${other}`,
      `COPY ${key} ${other} REPLACE`,
      `MOVE ${key} 1`,
      `SET ${other} overwritten`,
      this.below(3) === 0 ? `DEL ${key}` : `TOUCH ${key}`,
      this.below(3) === 0 ? `UNLINK ${key}` : `TOUCH ${key}`,
      `SUNIONSTORE ${other} set0 set1`,
      `ZUNIONSTORE ${other} 2 zset0 zset1`,
      `SORT list0 ALPHA STORE ${other}`,
    ]);
  }
}

for (let seed = 1; seed <= 6; seed++)
  test(`the file shows the state at its start (seed ${seed})`, () => {
    const writer = new Writer(seed);
    const { engine } = writer.harness;
    writer.fill();
    for (let i = 0; i < 200; i++) writer.write();
    const running: { stream: RdbStream; expected: string[]; chunks: Uint8Array[] }[] = [];
    for (let started = 0; started < 4 || running.length > 0; ) {
      if (started < 4 && running.length < 2 && writer.below(15) === 0) {
        for (let i = 0; i < 5; i++) if (engine.databases[0]!.size < 20) writer.fill();
        const expected = contents(engine);
        running.push({ stream: new RdbStream(engine, FIELDS), expected, chunks: [] });
        started++;
      }
      for (let i = writer.below(30); i > 0; i--) writer.write();
      const one = running[writer.below(running.length)];
      if (one === undefined) continue;
      if (writer.below(300) === 0) {
        one.stream.close();
        running.splice(running.indexOf(one), 1);
        continue;
      }
      const chunk = one.stream.next(1 + writer.below(6));
      if (chunk !== null) one.chunks.push(Buffer.from(chunk));
      else {
        running.splice(running.indexOf(one), 1);
        const loaded = newEngine(seed);
        load(loaded, Buffer.concat(one.chunks), { dropExpired: false });
        assert.deepEqual(contents(loaded), one.expected);
      }
    }
    assert.ok(!engine.store.snapshots.active && !engine.store.snapshots.open);
    engine.flushAll();
    assert.equal(engine.store.arena.used, 0);
  });
