import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { aclCategories } from "../../src/commands/acl-categories.ts";
import {
  type CommandRow,
  type Flag,
  family,
  type KeySpec,
  keyAt,
  keysCountedAt,
  keysFrom,
} from "../../src/commands/call.ts";
import { findKeys, legacyRange } from "../../src/commands/key-specs.ts";

function row(keys: readonly KeySpec[], name = "TEST"): CommandRow {
  return family("string", { [name]: { arity: -1, flags: [], keys, run() {} } })[0]!;
}

function keysOf(command: CommandRow, line: string): string[] | null {
  const words = line.split(" ").map((word) => Slice.of(word));
  const found = findKeys(command, { count: words.length, at: (index) => words[index]! });
  return found?.map(({ index, flags }) => `${words[index]!.latin1()}:${flags.join("+")}`) ?? null;
}

const behind = (keyword: string, startFrom: number): KeySpec[] => [
  { flags: ["OW"], begin: { keyword, startFrom }, find: { lastKey: 0, step: 1, limit: 0 } },
];
const both = [...keyAt(1, "OW"), ...keysFrom(2, ["RO"])];

const cases: [what: string, keys: readonly KeySpec[], line: string, found: string[] | null][] = [
  ["one", keyAt(1, "RO"), "TEST a b", ["a:RO"]],
  ["one that is missing", keyAt(1, "RO"), "TEST", null],
  ["all", keysFrom(1, ["RM"]), "TEST a b c", ["a:RM", "b:RM", "c:RM"]],
  ["every second", keysFrom(1, ["OW"], 2), "TEST a 1 b 2", ["a:OW", "b:OW"]],
  ["counted", keysCountedAt(1, "RO"), "TEST 2 a b c", ["a:RO", "b:RO"]],
  ["counted: none", keysCountedAt(1, "RO"), "TEST 0 a", null],
  ["counted: more than there are", keysCountedAt(1, "RO"), "TEST 3 a b", null],
  ["counted: no number", keysCountedAt(1, "RO"), "TEST x a b", null],
  ["behind a keyword", behind("STORE", 2), "TEST a store dest", ["dest:OW"]],
  ["behind a keyword that is not there", behind("STORE", 2), "TEST a b c", []],
  ["behind the last of a keyword", behind("KEYS", -1), "TEST a keys b", ["b:OW"]],
  ["two specs", both, "TEST dest a b", ["dest:OW", "a:RO", "b:RO"]],
  ["no key, but like one", keyAt(1, "not_key"), "TEST channel", []],
  [
    "the half of an open range",
    [{ flags: ["RO"], begin: { index: 1 }, find: { lastKey: -1, step: 1, limit: 2 } }],
    "TEST a b 0 0",
    ["a:RO", "b:RO"],
  ],
];
for (const [what, keys, line, found] of cases)
  test(`keys: ${what}`, () => assert.deepEqual(keysOf(row(keys), line), found));

test("what is done with a key may depend on the options", () => {
  const spec = keyAt(1, "RW", "variable_flags");
  assert.deepEqual(keysOf(row(spec, "SET"), "SET a b"), ["a:OW+update"]);
  assert.deepEqual(keysOf(row(spec, "SET"), "SET a b EX 5 get"), ["a:RW+access+update"]);
  assert.deepEqual(keysOf(row(spec, "BITFIELD"), "BITFIELD a OVERFLOW SAT GET u8 0"), ["a:RO+access"]);
  assert.deepEqual(keysOf(row(spec, "BITFIELD"), "BITFIELD a GET u8 0 INCRBY u8 0 1"), ["a:RW+access+update"]);
});

test("the old form of key positions", () => {
  assert.deepEqual(legacyRange(row([])), { first: 0, last: 0, step: 0, movable: false });
  assert.deepEqual(legacyRange(row(keyAt(2))), { first: 2, last: 2, step: 1, movable: false });
  assert.deepEqual(legacyRange(row(keysFrom(1, [], 2))), { first: 1, last: -1, step: 2, movable: false });
  assert.deepEqual(legacyRange(row(both)), { first: 1, last: -1, step: 1, movable: false });
  assert.deepEqual(legacyRange(row(keysCountedAt(1))), { first: 0, last: 0, step: 0, movable: true });
  assert.deepEqual(legacyRange(row([...keyAt(1), ...behind("STORE", 2)])), {
    first: 1,
    last: 1,
    step: 1,
    movable: true,
  });
});

const categories: [name: string, flags: Flag[], acl: string[], expected: string][] = [
  ["string", ["write", "fast"], [], "write string fast"],
  ["list", ["write", "blocking"], [], "write list slow blocking"],
  ["server", ["admin"], [], "admin slow dangerous"],
  ["server", [], ["connection"], "slow connection"],
  ["generic", ["readonly"], ["dangerous"], "keyspace read slow dangerous"],
  ["pubsub", ["pubsub", "fast"], [], "pubsub fast"],
];
for (const [name, flags, acl, expected] of categories)
  test(`categories of ${name} ${flags.join(" ")} ${acl.join(" ")}`, () => {
    const one = family(name, { X: { arity: 1, flags, acl, run() {} } })[0]!;
    assert.equal([...aclCategories(one)].join(" "), expected);
  });

test("a container has the categories of its flags alone", () => {
  const [container] = family("connection", {
    C: { arity: -2, flags: [], subcommands: { S: { arity: 2, flags: [], run() {} } } },
  });
  assert.deepEqual([...aclCategories(container!)], ["slow"]);
  assert.deepEqual([...aclCategories(container!.subcommands!.get("s")!)], ["slow", "connection"]);
});
