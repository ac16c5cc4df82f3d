/** The server as the build compiled it. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { loadCompiledServer, wrap } from "../../src/main/compiled-server.ts";

test("what the build compiled is taken as it is by the Node that built it", {
  skip: !existsSync("dist/server.cache"),
}, () => {
  const server = loadCompiledServer(pathToFileURL(`${process.cwd()}/dist/`))!;
  assert.equal(typeof server.runServer, "function");
  assert.equal(typeof server.runSentinel, "function");
});

test("a cache of something else is compiled anew, and without the files there is nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "nines-test-"));
  try {
    const url = pathToFileURL(`${folder}/`);
    assert.equal(loadCompiledServer(url), undefined);
    writeFileSync(join(folder, "server.cjs"), "exports.runServer = () => 42;");
    assert.equal(loadCompiledServer(url), undefined);
    writeFileSync(join(folder, "server.cache"), new Script(wrap("exports.other = 1;")).createCachedData());
    assert.equal((loadCompiledServer(url)!.runServer as unknown as () => number)(), 42);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
