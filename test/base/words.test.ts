import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteBytes, quoteWord, splitWords } from "../../src/base/words.ts";

const pieces = (text: string): string[] => {
  const bytes = Buffer.from(`..${text}..`, "latin1");
  const taken: string[] = [];
  quoteBytes(bytes, 2, bytes.length - 2, (piece) => taken.push(Buffer.from(piece).toString("latin1")));
  return taken;
};

test("bytes are quoted as words are, whatever their number", () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  for (const word of ["", "plain", 'a "b" \\ c', all, all.repeat(64), all.repeat(64).slice(1), all.repeat(300)]) {
    const quoted = pieces(word).join("");
    assert.equal(quoted, quoteWord(word));
    assert.deepEqual(splitWords(quoted), [word]);
  }
  assert.equal(pieces(all.repeat(300)).length, 5);
});
