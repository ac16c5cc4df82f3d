/** PFDEBUG, which shows what is inside a HyperLogLog, and PFSELFTEST, which tries the registers and the estimates. */
import { Slice } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply-error.ts";
import type { StringValue } from "../../engine/string-value.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, internal, key, string } from "../docs.ts";
import { DENSE_BYTES, getRegister, REGISTER_MAX, REGISTERS, setRegister } from "./dense.ts";
import * as hll from "./hyperloglog.ts";
import { type Editable, readRun, run } from "./sparse.ts";

// biome-ignore format: a table
export const hyperLogLogDebugging = family("hyperloglog", {
  PFDEBUG: {
    arity: 3, flags: ["write", "denyoom", "admin"], keys: keyAt(2, "RW", "access"), run: pfdebug,
    docs: internal(docs("2.8.9", "N/A", "Shows what is inside a HyperLogLog.", string("subcommand"), key())),
  },
  PFSELFTEST: {
    arity: 1, flags: ["admin"], run: pfselftest,
    docs: internal(docs("2.8.9", "N/A", "Tests the HyperLogLog implementation.")),
  },
});

const noSuchKey = new ReplyError("ERR", "The specified key does not exist");
const notSparse = new ReplyError("ERR", "HLL encoding is not sparse");

function pfdebug(call: Call, args: Args): void {
  const subcommand = args.at(1);
  const value = call.db.openString(args.at(2));
  if (value === null) throw noSuchKey;
  hll.check(value);
  value.grow(value.length);
  if (subcommand.is("GETREG")) replyRegisters(call, args, value);
  else if (subcommand.is("DECODE")) {
    if (hll.isDense(value)) throw notSparse;
    call.reply.bulkText(decode(value));
  } else if (subcommand.is("ENCODING")) call.reply.simple(hll.isDense(value) ? "dense" : "sparse");
  else if (subcommand.is("TODENSE")) call.reply.integer(makeDense(call, args, value) ? 1 : 0);
  else throw new ReplyError("ERR", `Unknown PFDEBUG subcommand '${subcommand.quotable()}'`);
}

function replyRegisters(call: Call, args: Args, value: StringValue): void {
  makeDense(call, args, value);
  call.reply.array(REGISTERS);
  for (let i = 0; i < REGISTERS; i++) call.reply.integer(getRegister(value.bytes, value.start + hll.HEADER, i));
}

/** Whether it was sparse. That is a change that replicas have to follow, since the strings are to be the same. */
function makeDense(call: Call, args: Args, value: StringValue): boolean {
  if (hll.isDense(value)) return false;
  hll.toDense(value);
  call.changed(args.at(2), null);
  return true;
}

/** Runs as Redis prints them: z and Z are zeros in the short and the long form, v is a value and how often. */
function decode({ bytes, start, end }: Slice): string {
  const words: string[] = [];
  for (let at = start + hll.HEADER; at < end; at += run.bytes) {
    readRun(bytes, at, end);
    if (run.value > 0) words.push(`v:${run.value},${run.length}`);
    else words.push(`${run.bytes === 1 ? "z" : "Z"}:${run.length}`);
  }
  return words.join(" ");
}

const REGISTER_ROUNDS = 100;
/** The standard error of the estimate. */
const RELATIVE_ERROR = 1.04 / Math.sqrt(REGISTERS);
const MOST_ELEMENTS = 1_000_000;

function pfselftest(call: Call): void {
  const { random } = call.engine.store;
  testRegisters(random);
  testEstimates(random, call.engine.policy.hllSparseMaxBytes);
  call.reply.ok();
}

function failed(text: string): ReplyError {
  return new ReplyError("ERR", `TESTFAILED ${text}`);
}

/** Each register keeps its value, whatever its neighbours are set to. */
function testRegisters(random: () => number): void {
  const packed = new Uint8Array(DENSE_BYTES);
  const plain = new Uint8Array(REGISTERS);
  for (let round = 0; round < REGISTER_ROUNDS; round++) {
    for (let i = 0; i < REGISTERS; i++) {
      plain[i] = random() & REGISTER_MAX;
      setRegister(packed, 0, i, plain[i]!);
    }
    for (let i = 0; i < REGISTERS; i++) {
      const value = getRegister(packed, 0, i);
      if (value !== plain[i]) throw failed(`Register ${i} should be ${plain[i]} but is ${value}`);
    }
  }
}

/** Both forms estimate the same, and about right, at every power of ten. */
function testEstimates(random: () => number, sparseMaxBytes: number): void {
  const dense = new Scratch();
  const sparse = new Scratch();
  hll.toDense(dense);
  const element = new Slice(new Uint8Array(8));
  const view = new DataView(element.bytes.buffer);
  const seed = random();
  view.setUint32(4, random());
  for (let elements = 1, checkpoint = 1; elements <= MOST_ELEMENTS; elements++) {
    view.setUint32(0, elements ^ seed, true);
    hll.add(dense, element, sparseMaxBytes);
    hll.add(sparse, element, sparseMaxBytes);
    if (elements !== checkpoint) continue;
    if (elements < sparseMaxBytes / 2 && hll.isDense(sparse)) throw failed("sparse encoding not used");
    const estimated = hll.count(dense);
    if (estimated !== hll.count(sparse)) throw failed("dense/sparse disagree");
    const error = Math.abs(estimated - elements);
    const limit = elements === 10 ? 1 : Math.ceil(RELATIVE_ERROR * 6 * elements);
    if (error > limit) throw failed(`Too big error. card:${elements} abserr:${error}`);
    checkpoint *= 10;
  }
}

/** An empty HyperLogLog that is no key's. */
class Scratch implements Editable {
  readonly bytes = new Uint8Array(hll.HEADER + DENSE_BYTES);
  readonly start = 0;
  end = hll.EMPTY_LENGTH;

  constructor() {
    hll.makeEmpty(this);
  }

  get length(): number {
    return this.end;
  }

  setLength(length: number): void {
    this.end = length;
  }
}
