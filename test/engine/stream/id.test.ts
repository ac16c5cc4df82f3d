/** IDs: how they are read, written and counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../../src/base/bytes.ts";
import { ID_TEXT_BYTES, parseId, StreamId } from "../../../src/engine/stream/id.ts";

const cases: [text: string, said: string, id?: string][] = [
  ["0", "no sequence", "0-0"],
  ["5-7", "whole", "5-7"],
  ["1526919030474-55", "whole", "1526919030474-55"],
  ["1526919030474", "no sequence", "1526919030474-0"],
  ["1526919030474-*", "any sequence", "1526919030474-0"],
  ["4294967295-4294967296", "whole", "4294967295-4294967296"],
  ["18446744073709551615-18446744073709551615", "whole", "18446744073709551615-18446744073709551615"],
  ["9007199254740993-9007199254740995", "whole", "9007199254740993-9007199254740995"],
  ["18446744073709551616", "invalid"],
  ["1-18446744073709551616", "invalid"],
  // What strtoull makes of it.
  ["007-08", "whole", "7-8"],
  ["+5-+6", "whole", "5-6"],
  [" 5", "no sequence", "5-0"],
  ["1--05", "whole", "1-18446744073709551611"],
  ["1--0", "whole", "1-0"],
  ["1--5", "invalid"],
  ["5\0abc", "no sequence", "5-0"],
  ["", "invalid"],
  ["-", "invalid"],
  ["+", "invalid"],
  ["-5", "invalid"],
  ["5-", "invalid"],
  ["a-1", "invalid"],
  ["1-a", "invalid"],
  ["1-1-1", "invalid"],
  ["1-**", "invalid"],
  ["5 ", "invalid"],
  ["0".repeat(128), "invalid"],
  ["0".repeat(127), "no sequence", "0-0"],
];
for (const [text, said, written] of cases)
  test(`the ID ${JSON.stringify(text)}`, () => {
    const id = new StreamId();
    assert.equal(parseId(Slice.of(text), id), said);
    if (written === undefined) return;
    assert.equal(id.toString(), written);
    const bytes = new Uint8Array(ID_TEXT_BYTES);
    assert.equal(new Slice(bytes, 0, id.writeText(bytes, 0)).latin1(), written);
    const packed = new Uint8Array(20);
    id.writeBytes(packed, 3);
    assert.ok(new StreamId().readBytes(packed, 3).equals(id));
  });

const neighbours: [id: string, next: string][] = [
  ["0-0", "0-1"],
  ["7-4294967295", "7-4294967296"],
  ["7-18446744073709551615", "8-0"],
  ["4294967295-18446744073709551615", "4294967296-0"],
  ["18446744073709551615-18446744073709551614", "18446744073709551615-18446744073709551615"],
];
for (const [text, next] of neighbours)
  test(`${next} follows ${text}`, () => {
    const id = new StreamId();
    const other = new StreamId();
    parseId(Slice.of(text), id);
    parseId(Slice.of(next), other);
    assert.ok(id.compare(other) < 0 && other.compare(id) > 0);
    assert.ok(id.increment());
    assert.equal(id.toString(), next);
    assert.equal(id.compare(other), 0);
    assert.ok(id.decrement());
    assert.equal(id.toString(), text);
  });

test("there is no ID behind the last one and none before the first", () => {
  assert.ok(!new StreamId().setMax().increment());
  assert.ok(!new StreamId().setMin().decrement());
  assert.ok(new StreamId().setMax().isMax && new StreamId().setMin().isMin);
});
