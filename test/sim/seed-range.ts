/** NINES_SEEDS=first,count: other seeds than those of every day. */
import assert from "node:assert/strict";

export function* seedRange(first: number, count: number): Generator<number> {
  const words = (process.env["NINES_SEEDS"] ?? `${first},${count}`).split(",");
  const [from, many] = words.map((word) => (/^\d{1,15}$/.test(word) ? Number(word) : 0)) as [number, number];
  assert.ok(words.length === 2 && many > 0, `NINES_SEEDS=${words} is no "first,count"`);
  for (let seed = from; seed < from + many; seed++) yield seed;
}
