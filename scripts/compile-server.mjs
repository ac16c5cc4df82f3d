// Runs dist/server.cjs once and keeps what V8 compiled for it in dist/server.cache (see src/main/compiled-server.ts). Called by
// the build, in a process of its own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Script } from "node:vm";

const path = resolve("dist/server.cjs");
// The server changes its working directory.
const cachePath = resolve("dist/server.cache");
// As `wrap` of src/main/compiled-server.ts: the cache is of this very text.
const script = new Script(`(function (exports, require, module) {${readFileSync(path, "utf8")}\n})`, {
  filename: path,
});
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(path), module);
const folder = mkdtempSync(join(tmpdir(), "nines-build-"));
await module.exports.runServer(["--port", "0", "--unixsocket", join(folder, "socket"), "--save", "", "--dir", folder]);
writeFileSync(cachePath, script.createCachedData());
rmSync(folder, { recursive: true, force: true });
process.exit(0);
