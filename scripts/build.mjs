// Builds dist/: the code bundled by esbuild (one file loads faster than a hundred: a server is up in half the time), the
// types by tsc.
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
const common = { bundle: true, platform: "node", target: "node20", packages: "external", logLevel: "warning" };
await build({
  ...common,
  entryPoints: { cli: "src/cli/main.ts", index: "src/main/index.ts" },
  outdir: "dist",
  splitting: true,
  format: "esm",
  sourcemap: true,
  chunkNames: "chunks/[name]-[hash]",
});
chmodSync("dist/cli.js", 0o755);
// The server once more, as one script that can be had compiled.
await build({
  ...common,
  entryPoints: { server: "src/main/server.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
});
execFileSync(process.execPath, ["scripts/compile-server.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
const tsc = createRequire(import.meta.url)
  .resolve("typescript/package.json")
  .replace("package.json", "bin/tsc");
execFileSync(process.execPath, [tsc, "-p", "tsconfig.types.json"], { stdio: "inherit" });
