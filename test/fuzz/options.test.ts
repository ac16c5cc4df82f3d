/** What is typed behind `npm run fuzz --`, and the inputs that are kept. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readOptions } from "../../fuzz/options.ts";
import { CORPUS, readCorpus } from "../../fuzz/run.ts";
import { targets } from "../../fuzz/targets.ts";

test("options have defaults, and can all be given", () => {
  const defaults = readOptions([]);
  assert.deepEqual(defaults, { names: Object.keys(targets), inputs: 100_000, seed: 1, show: false });
  const given = readOptions(["--target", "rdb", "--target", "acl", "--inputs", "7", "--seed", "9", "--show"]);
  assert.deepEqual(given, { names: ["rdb", "acl"], inputs: 7, seed: 9, show: true });
});

const wrong: [words: string, error: RegExp][] = [
  ["--inputs abc", /--inputs takes a whole number from 1 on, not "abc"/],
  ["--inputs 0", /--inputs takes/],
  ["--inputs=-5", /--inputs takes/],
  ["--inputs 1.5", /--inputs takes/],
  ["--inputs 1e3", /--inputs takes/],
  ["--inputs=", /--inputs takes/],
  ["--seed 0", /--seed takes/],
  ["--seed=-1", /--seed takes/],
  ["--seed NaN", /--seed takes/],
  ["--seed 9007199254740993", /--seed takes/],
  ["--seed 9007199254740991 --inputs 2", /beyond the last seed/],
  ["--target nosuch", /no such target: nosuch/],
  ["--target constructor", /no such target/],
  ["--nosuch", /Unknown option/],
];
for (const [words, error] of wrong)
  test(`${words} is refused`, () => assert.throws(() => readOptions(words.split(" ")), error));

test("every file of the corpus is some target's, and can be read", () => {
  for (const file of readdirSync(CORPUS)) {
    const name = file.replace(/\.txt$/, "");
    assert.ok(file.endsWith(".txt") && Object.hasOwn(targets, name), `${file} is named after no target`);
    assert.ok(readCorpus(name).length > 0, file);
  }
});

test("a corpus that is not there is none; one that cannot be read is an error", () => {
  const folder = mkdtempSync(join(tmpdir(), "nines-corpus-"));
  try {
    assert.deepEqual(readCorpus("acl", folder), []);
    writeFileSync(join(folder, "acl.txt"), '# why\n"a\\x00b"\n\n"c"\n');
    assert.deepEqual(readCorpus("acl", folder), [Buffer.from("a\0b"), Buffer.from("c")]);
    writeFileSync(join(folder, "acl.txt"), '"a\nb\n');
    assert.throws(() => readCorpus("acl", folder), /acl\.txt:1: one input in quotes/);
    assert.throws(() => readCorpus("x/../acl.txt/y", folder), /ENOTDIR/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
