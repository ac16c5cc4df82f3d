/** The house keeps its plan: imports point up the list of rooms, and the world is touched in io/ alone. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import test from "node:test";

/** What each room may import besides itself. */
const MAY_IMPORT: Record<string, readonly string[] | "all"> = {
  base: [],
  io: ["base"],
  resp: ["base"],
  memory: ["base"],
  engine: ["base", "memory"],
  rdb: ["base", "memory", "engine"],
  commands: ["base", "resp", "engine", "rdb"],
  config: ["base", "commands"],
  acl: ["base", "commands"],
  client: ["base", "io", "resp"],
  persistence: ["base", "io", "resp", "engine", "rdb", "commands"],
  replication: ["base", "io", "resp", "rdb", "commands"],
  cluster: ["base", "io", "resp", "rdb", "commands", "client"],
  sentinel: ["base", "io", "resp", "commands", "client"],
  server: [
    "base",
    "io",
    "resp",
    "memory",
    "engine",
    "rdb",
    "commands",
    "config",
    "acl",
    "client",
    "persistence",
    "replication",
    "cluster",
    "sentinel",
  ],
  manage: ["base", "io", "resp", "client"],
  lab: ["base", "io", "resp", "client", "manage"],
  cli: "all",
  main: "all",
};

/** Time, chance, network and disk: names that only io/ may use, and main/ where a process begins. */
const WORLD =
  /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|performance\.now|process\.hrtime)\b|node:(net|fs|fs\/promises|tls|dgram|child_process|dns)"/;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith(".ts") ? [path] : [];
  });
}

const files = sources("src").map((path) => ({
  path: relative("src", path).split(sep).join("/"),
  text: readFileSync(path, "utf8"),
}));

const roomOf = (path: string) => path.split("/")[0]!;

test("every file stands in a room of the plan", () => {
  const strangers = files.filter(({ path }) => !(roomOf(path) in MAY_IMPORT)).map(({ path }) => path);
  assert.deepEqual(strangers, []);
});

test("imports point up the list of rooms", () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    const room = roomOf(path);
    const allowed = MAY_IMPORT[room]!;
    if (allowed === "all") continue;
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      const other = roomOf(posix.normalize(posix.join(posix.dirname(path), target!)));
      if (other !== room && !allowed.includes(other)) wrong.push(`${path} imports ${other}/`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("time, chance, network and disk are touched in io/ alone", () => {
  const wrong = files
    .filter(({ path }) => !["io", "main"].includes(roomOf(path)))
    .filter(({ text }) => WORLD.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")))
    .map(({ path, text }) => `${path}: ${WORLD.exec(text)?.[0]}`);
  assert.deepEqual(wrong, []);
});
