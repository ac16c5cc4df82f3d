/** What a user may do: rules, a request, and what is in the way. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { joinSelectors, User } from "../../src/acl/user.ts";
import { Judge, Verdict } from "../../src/acl/verdict.ts";
import { Slice } from "../../src/base/bytes.ts";
import { type Commands, commandsOfServer } from "./vocabulary.ts";

let commands: Commands;
const judge = new Judge();

before(async () => {
  commands = await commandsOfServer();
});

/** "" where the user may, else command, or the key or channel that is not his. */
const cases: [rules: string, request: string, inTheWay: string][] = [
  ["+get ~a*", "GET ab", ""],
  ["+get ~a*", "GET b", "key b"],
  ["+get ~a*", "SET a 1", "command"],
  ["+@all ~a* ~b*", "MGET a b c", "key c"],
  ["+@all %R~a %W~b", "COPY a b", ""],
  ["+@all %R~a %W~b", "COPY b a", "key b"],
  ["+@all %R~a %W~b", "SET b 1", ""],
  ["+@all %R~a %W~b", "SET b 1 GET", "key b"],
  ["+@all %R~a %W~b", "BITFIELD a GET u8 0", ""],
  ["+@all %R~a %W~b", "BITFIELD a SET u8 0 1", "key a"],
  ["+@all %R~a %W~b", "SORT a STORE b", ""],
  ["+@all %R~a %W~b", "SORT a STORE c STORE b", ""],
  ["+@all %R~a %W~b", "SORT a LIMIT 0 1 STORE c", "key c"],
  ["+@all %R~a %W~b", "GEORADIUS a 1 2 3 m STORE b", ""],
  ["+@all %R~a %W~b", "GEORADIUS a 1 2 3 m STOREDIST a", "key a"],
  ["+@all %R~a %W~b", "ZUNIONSTORE b 2 a c", "key c"],
  ["+@all %R~a %W~b", "XREAD COUNT 1 STREAMS a b 0 0", "key b"],
  ["+@all ~a", "BLPOP a b 0", "key b"],
  ["+@all ~a", "BLMPOP 0 2 a b LEFT", "key b"],
  ["+@all ~a", "MIGRATE h 1 a 0 1", ""],
  ["+@all ~a", "MIGRATE h 1 <> 0 1 AUTH2 KEYS KEYS KEYS a b", "key b"],
  ["+@all ~a", "EXISTS a a a", ""],
  // Not what the command wants: the command is to say so.
  ["+@all ~a", "ZUNIONSTORE b nothing a", ""],
  ["+@all", "PUBLISH a m", "channel a"],
  ["+@all &a*", "SUBSCRIBE ab b", "channel b"],
  ["+@all &a*", "PSUBSCRIBE ab", "channel ab"],
  ["+@all &a*", "PSUBSCRIBE a*", ""],
  ["+@all", "UNSUBSCRIBE a", ""],
  ["-@all", "AUTH x", ""],
  ["-@all +select|1", "SELECT 1", ""],
  ["-@all +select|1", "SELECT 0", "command"],
  ["+config|get", "CONFIG GET x", ""],
  ["+config -config|get", "CONFIG GET x", "command"],
  ["+get ~a (+set ~b)", "SET b 1", ""],
  ["+get ~a (+set ~b)", "SET a 1", "key a"],
  ["+get ~a (+set ~b)", "GET b", "key b"],
  // One selector must allow all of it.
  ["+@all ~a (+@all ~b)", "MGET a b", "key b"],
  ["+@all ~a (+@all ~b)", "MGET b a", "key a"],
  // What came nearest is told.
  ["+@all ~a (+publish &c)", "PUBLISH d m", "channel d"],
];

for (const [rules, line, inTheWay] of cases)
  test(`${rules}: ${line}`, () => {
    const user = new User("u", commands.context);
    user.applyAll(joinSelectors(rules.split(" ")));
    const words = line.split(" ").map((word) => Slice.of(word === "<>" ? "" : word));
    const request = { count: words.length, at: (i: number) => words[i]! };
    const container = commands.table.find(words[0]!)!;
    const row = container.subcommands?.get(words[1]!.latin1().toLowerCase()) ?? container;
    const verdict = judge.check(user, row, request);
    const object = verdict === Verdict.key || verdict === Verdict.channel ? ` ${words[judge.place]!.latin1()}` : "";
    assert.equal({ 0: "", 1: "command", 2: "key", 4: "channel" }[verdict] + object, inTheWay);
  });
