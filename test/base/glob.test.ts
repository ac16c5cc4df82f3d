import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { matchesAll, matchGlob } from "../../src/base/glob.ts";

const glob = (pattern: string, text: string, ignoreCase = false) =>
  matchGlob(new Slice(Buffer.from(pattern, "latin1")), new Slice(Buffer.from(text, "latin1")), ignoreCase);

const cases: [pattern: string, matching: string[], other: string[]][] = [
  ["hello", ["hello"], ["hell", "hello!", "Hello", ""]],
  ["", [""], ["a"]],
  ["*", ["a", "anything at all"], [""]],
  ["**", ["a"], [""]],
  ["h?llo", ["hello", "hxllo"], ["hllo", "heello"]],
  ["h*llo", ["hllo", "heeeello"], ["hell", "xhllo"]],
  ["*a*b*", ["ab", "xaxbx", "aab"], ["ba", "b", "a"]],
  ["a*", ["a", "abc"], ["ba"]],
  ["a***", ["a", "ab"], ["b"]],
  ["*?", ["a", "ab"], [""]],
  ["h[ae]llo", ["hello", "hallo"], ["hillo"]],
  ["h[^e]llo", ["hallo"], ["hello"]],
  ["h[a-c]llo", ["hallo", "hcllo"], ["hdllo", "h-llo"]],
  ["h[c-a]llo", ["hbllo"], ["hdllo"]],
  ["[a-]", ["a", "]"], ["-", "b"]],
  ["[ab", ["a", "b"], ["c", "[ab"]],
  ["[", [], ["[", "a"]],
  ["[^", ["a"], ["ab"]],
  ["[]a]", [], ["a]", "]"]],
  ["[\\]]", ["]"], ["\\"]],
  ["[\\-z]", ["-", "z"], ["a"]],
  ["\\*", ["*"], ["a", "\\*"]],
  ["a\\", ["a\\"], ["a"]],
  ["\\a", ["a"], ["\\a"]],
  ["[\x80-a]", ["\x80", "\xff", "\x00", "a"], ["b", "z"]],
];

for (const [pattern, matching, other] of cases)
  test(`glob ${JSON.stringify(pattern)}`, () => {
    for (const text of matching) assert.equal(glob(pattern, text), true, text);
    for (const text of other) assert.equal(glob(pattern, text), false, text);
  });

test("case is ignored on request, but not behind a backslash in a class", () => {
  assert.equal(glob("HE*[A-C]", "hello b", true), true);
  assert.equal(glob("[xY]", "y", true), true);
  assert.equal(glob("[\\Y]", "y", true), false);
  assert.equal(glob("\\Y", "y", true), true);
});

test("many stars take no exponential time", () => {
  const started = process.hrtime.bigint();
  assert.equal(glob(`${"a*".repeat(200)}b`, "a".repeat(5000)), false);
  assert.ok(process.hrtime.bigint() - started < 2_000_000_000n);
});

test("matchesAll knows the one pattern that needs no matching", () => {
  assert.equal(matchesAll(Slice.of("*")), true);
  assert.equal(matchesAll(Slice.of("**")), false);
  assert.equal(matchesAll(Slice.of("")), false);
});
