/** What of the stream of outcomes is picked for a migration: the changes of some slots, whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";
import { dataFamilies } from "../../src/commands/data-families.ts";
import { CommandTable, type Rename } from "../../src/commands/table.ts";
import { ChangeFilter } from "../../src/server/slot-migration/change-filter.ts";

const request = (words: string) => {
  const list = words.split(" ");
  return `*${list.length}\r\n${list.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
};

/** Of keys that begin with "a" changes go at once, with "b" they are held; the commands that came of it. */
function picked(commands: readonly string[], renames: readonly Rename[] = []) {
  const slots = new Map([
    [hashSlot(new Slice(Buffer.from("a"))), "direct"],
    [hashSlot(new Slice(Buffer.from("b"))), "held"],
  ] as const);
  const to = { direct: "", held: "" };
  let flushed = false;
  const filter = new ChangeFilter(new CommandTable(dataFamilies, renames), {
    destinationOf: (slot) => slots.get(slot) ?? "none",
    add: (where, bytes, start, end) => {
      to[where] += Buffer.from(bytes.subarray(start, end)).toString("latin1");
    },
    mayCut() {},
    flushed: () => {
      flushed = true;
    },
  });
  const bytes = Buffer.from(commands.map(request).join(""), "latin1");
  filter.feed(bytes, bytes.length);
  return { ...to, flushed };
}

test("commands go where the slot of their key goes", () => {
  const { direct, held } = picked(["SET a 1", "DEL b", "SET c 1", "RENAME {b}1 {b}2", "XADD {a}s * f v"]);
  assert.equal(direct, request("SET a 1") + request("XADD {a}s * f v"));
  assert.equal(held, request("DEL b") + request("RENAME {b}1 {b}2"));
});

test("a command that clients may not call, or call otherwise, is one all the same", () => {
  const renames = [
    { from: "del", to: "" },
    { from: "set", to: "put" },
  ];
  const { direct } = picked(["DEL a", "PUT a 1", "SET a 2"], renames);
  assert.equal(direct, request("DEL a") + request("PUT a 1") + request("SET a 2"));
});

test("FLUSHALL ends it", () => assert.ok(picked(["FLUSHALL"]).flushed));
