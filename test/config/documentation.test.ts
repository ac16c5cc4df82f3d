import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { directiveTables } from "./documentation.ts";

const PATH = new URL("../../docs/configuration.md", import.meta.url);
const BEGIN =
  "<!-- directives: made by NINES_UPDATE_DOCS=1 node --import tsx --test test/config/documentation.test.ts -->\n";
const END = "<!-- end of directives -->\n";

test("docs/configuration.md lists the directive table", () => {
  const text = readFileSync(PATH, "utf8");
  const begin = text.indexOf(BEGIN) + BEGIN.length;
  const end = text.indexOf(END);
  assert.ok(begin >= BEGIN.length && end >= begin, "the marks are there");
  const tables = `\n${directiveTables()}\n`;
  if (process.env.NINES_UPDATE_DOCS === "1") writeFileSync(PATH, text.slice(0, begin) + tables + text.slice(end));
  else assert.equal(text.slice(begin, end), tables);
});
