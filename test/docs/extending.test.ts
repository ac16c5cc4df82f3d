/** The example command of docs/extending.md, taken from the page as it stands and run in a server. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Redis } from "ioredis";
import type { CommandRow } from "../../src/commands/call.ts";
import { dataFamilies } from "../../src/commands/data-families.ts";
import { CommandTable } from "../../src/commands/table.ts";
import { startServer } from "../../src/main/index.ts";

/** The first block of code of the page, as if it stood in src/commands/. */
function exampleCommand(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync("docs/extending.md", "utf8"))!;
  const place = pathToFileURL(resolve("src/commands")).href;
  return code!.replaceAll(/from "(\.[^"]*)"/g, (_, path) => `from "${place}/${path}"`);
}

test("LONGEST does what the page says", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nines-docs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "longest.ts");
  writeFileSync(file, exampleCommand());
  const { longest } = (await import(pathToFileURL(file).href)) as { longest: CommandRow[] };

  await using node = await startServer();
  node.server.equip(new CommandTable([[...node.server.table.rows.values()], ...dataFamilies, longest]));
  const redis = new Redis(node.port);
  t.after(() => redis.disconnect());
  assert.equal(await redis.call("LONGEST", "k", "abc"), 3);
  assert.equal(await redis.call("LONGEST", "k", "ab"), 3);
  assert.equal(await redis.get("k"), "abc");
  await assert.rejects(redis.call("LONGEST", "k"), /wrong number of arguments for 'longest' command/);
  assert.deepEqual(await redis.command("GETKEYS", "LONGEST", "a", "b"), ["a"]);
});
