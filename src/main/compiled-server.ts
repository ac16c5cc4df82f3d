/**
 * Loads the server as the build left it: one script, and beside it what V8 made of it when it was compiled there. Compiling is
 * most of a start; with the code at hand a server is up in some 20 ms less. A cache of another Node is refused by V8, which
 * then compiles as ever; without the files (running from the sources) there is nothing to load.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

export interface ServerModule {
  runServer(argv: readonly string[]): Promise<void>;
  runSentinel(argv: readonly string[]): Promise<void>;
}

/** The script's value is a function of what CommonJS gives a module. */
export function wrap(source: string): string {
  return `(function (exports, require, module) {${source}\n})`;
}

/** @returns  undefined if the build has not made it */
export function loadCompiledServer(folder: URL): ServerModule | undefined {
  const path = fileURLToPath(new URL("server.cjs", folder));
  const cachePath = fileURLToPath(new URL("server.cache", folder));
  if (!existsSync(path) || !existsSync(cachePath)) return undefined;
  const script = new Script(wrap(readFileSync(path, "utf8")), { filename: path, cachedData: readFileSync(cachePath) });
  const module = { exports: {} as ServerModule };
  script.runInThisContext()(module.exports, createRequire(path), module);
  return module.exports;
}
