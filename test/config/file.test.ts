import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Config } from "../../src/config/config.ts";
import { type FileOptions, loadConfig } from "../../src/config/file.ts";

function load(text: string, options?: FileOptions) {
  const config = new Config({ directory: "/work", sentinel: options?.sentinel });
  return { config, values: config.values, extras: loadConfig(config, text, options) };
}

const DEBIAN = "/etc/redis/redis.conf";
const readable = (path: string): string | undefined => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
};

const bad: [text: string, reason: string][] = [
  ["foo bar", "Bad directive or wrong number of arguments"],
  ["include", "Bad directive or wrong number of arguments"],
  ["rename-command A", "Bad directive or wrong number of arguments"],
  ["port 1 2", "wrong number of arguments"],
  ["port", "wrong number of arguments"],
  ["replicaof a", "wrong number of arguments"],
  ["replicaof a 70000", "Invalid master port"],
  ['port "1', "Unbalanced quotes in configuration line"],
  ["port x", "argument couldn't be parsed into an integer"],
  ["unixsocketperm 9", "argument couldn't be parsed as an octal number"],
  ["unixsocketperm 7777", "argument must be between 0 and 777 inclusive"],
  ["appendfilename a/b", "appendfilename can't be a path, just a filename"],
  ['appenddirname ""', "appenddirname can't be empty"],
  ["sentinel monitor a b", "sentinel directive while not in sentinel mode"],
  ["appendonly yes", "the append-only file (appendonly yes) is not supported yet"],
  ["loadmodule x.so", "modules are not supported"],
  ["replicas 10.0.0.1", "'10.0.0.1' is not host:port"],
];
for (const [line, reason] of bad) {
  test(`refused: ${line}`, () => {
    const report = `\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line 2\n>>> '${line}'\n${reason}\n`;
    assert.throws(() => load(`# first\n  ${line}\t\n`), { message: report });
  });
}

const good: [text: string, name: Parameters<Config["text"]>[0], value: string][] = [
  ["PORT 7000", "port", "7000"],
  ["slaveof 10.0.0.1 7000", "replicaof", "10.0.0.1 7000"],
  ["replicaof no one", "replicaof", ""],
  ["primaryauth secret", "masterauth", "secret"],
  ["save 900 1\nsave 60 2", "save", "900 1 60 2"],
  ['save 900 1\nsave ""', "save", ""],
  ['save ""\nsave 900 1', "save", "900 1"],
  ['save "900 1"', "save", "900 1"],
  ["unixsocketperm 0770", "unixsocketperm", "770"],
  ['requirepass "a b\\x41"', "requirepass", "a bA"],
  ["oom-score-adj relative", "oom-score-adj", "yes"],
  ["bind 127.0.0.1 -::1", "bind", "127.0.0.1 -::1"],
  ['bind ""', "bind", ""],
  ["dir sub\ndir deeper", "dir", "/work/sub/deeper"],
  ["replicas 10.0.0.1:1 [::1]:2\nreplicas host:3 10.0.0.1:1", "replicas", "10.0.0.1:1 [::1]:2 host:3"],
  [
    "client-output-buffer-limit slave 1 1 1\nclient-output-buffer-limit normal 2 2 2",
    "client-output-buffer-limit",
    "normal 2 2 2 slave 1 1 1 pubsub 33554432 8388608 60",
  ],
  ["appendonly no\nio-threads 4\nlua-replicate-commands yes", "io-threads", "4"],
];
for (const [text, name, value] of good)
  test(text.replaceAll("\n", "; "), () => assert.equal(load(text).config.text(name), value));

test("lines that are not directives are gathered", () => {
  const { extras } = load('rename-command KEYS ""\nSENTINEL monitor m 127.0.0.1 6379 2\nsentinel\n', {
    sentinel: true,
  });
  assert.deepEqual(extras.renames[0]!.words, ["rename-command", "KEYS", ""]);
  assert.deepEqual(
    extras.sentinel.map(({ words, number }) => [number, ...words]),
    [[2, "sentinel", "monitor", "m", "127.0.0.1", "6379", "2"]],
  );
});

test("include: several files by pattern, read in place; one that is missing ends it", () => {
  const files: Record<string, { path: string; text: string }[]> = {
    "/c/*.conf": [
      { path: "/c/a.conf", text: "port 1\nhz 20\n" },
      { path: "/c/b.conf", text: "port 2\n" },
    ],
    "/none/*.conf": [],
    "/self": [{ path: "/self", text: "include /self" }],
    "/bad": [{ path: "/bad", text: "\nport x" }],
  };
  const include = (pattern: string) => {
    const found = files[pattern];
    if (!found) throw new Error("No such file or directory");
    return found;
  };
  const { values } = load("include /c/*.conf\ninclude /none/*.conf\nhz 30", { include });
  assert.deepEqual([values.port, values.hz], [2, 30]);
  assert.throws(() => load("include /x", { include }), {
    message: "Fatal error, can't open config file '/x': No such file or directory",
  });
  assert.throws(() => load("include /self", { include }), /too many levels of include/);
  assert.throws(() => load("port 1\ninclude /bad", { include }), /at line 2\n>>> 'port x'/);
});

test("lines of users are handed on as they are", () => {
  const line = 'user alice on ">a b" ~a* +get';
  assert.deepEqual(
    load(`${line}\nuser default off`).extras.users.map(({ number, words }) => [number, ...words]),
    [
      [1, "user", "alice", "on", ">a b", "~a*", "+get"],
      [2, "user", "default", "off"],
    ],
  );
});

const shipped = readable(DEBIAN);
test("Debian's redis.conf loads", { skip: shipped === undefined && `${DEBIAN} is not there or not readable` }, () => {
  const { values } = load(shipped!);
  assert.deepEqual(values.bind, ["127.0.0.1", "-::1"]);
  assert.equal(values.daemonize, true);
  assert.equal(values.logfile, "/var/log/redis/redis-server.log");
});
