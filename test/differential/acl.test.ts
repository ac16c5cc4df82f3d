/**
 * ACL against redis-server 7.0.15: what SETUSER says of rules, right and wrong, what GETUSER and LIST show, and what the commands
 * answer, alike to the byte. What 7.2, our level, shows in another way is brought to 7.0's: its users say by themselves that
 * payloads are sanitized, rules of commands stand as they were given, and its texts name the user.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Both, noRedis, withBoth } from "./both.ts";

const HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbd62a11ef721d1542d8";

/** Each is given to a user anew, and then he is shown. */
const RULES = [
  ...[
    "on",
    "off",
    "ON",
    "nopass",
    ">password",
    "#nohash",
    `#${HASH}8`,
    `#${HASH}`,
    `#${HASH.toUpperCase()}8`,
    "resetpass",
    "<password",
  ],
  ...[
    `!${HASH}8`,
    "!x",
    "reset",
    "clearselectors",
    "sanitize-payload",
    "skip-sanitize-payload",
    "",
    " ",
    "nonsense",
    "@read",
    "*",
  ],
  ...[
    "~*",
    "~a*",
    "~",
    '"~a b"',
    '"~a\\tb"',
    "allkeys",
    "resetkeys",
    "%R~a",
    "%W~a",
    "%RW~a",
    "%WR~a",
    "%r~a",
    "%RR~a",
    "%~a",
    "%",
    "%R",
    "%X~a",
  ],
  ...[
    "&*",
    "&a*",
    "&",
    '"& a"',
    "allchannels",
    "resetchannels",
    "+@all",
    "-@all",
    "allcommands",
    "nocommands",
    "+@read",
    "-@read",
    "+@READ",
  ],
  ...[
    "+@",
    "-@",
    "+@nothing",
    "+",
    "-",
    "+get",
    "-get",
    "+GET",
    "+nothing",
    "-nothing",
    "+config",
    "+config|get",
    "-config|get",
    "+config|nothing",
  ],
  ...[
    "+Config|GET",
    "-config|nothing",
    "+config|",
    "+config|get|x",
    "+select|0",
    "-select|0",
    "+select|0|1",
    "+select|",
    "+|x",
    "+||",
    "+acl|whoami",
  ],
  ...[
    "()",
    "(",
    ")",
    "(+get)",
    '"(+get ~a*)"',
    '"(+get"',
    '"+get)"',
    '"(allkeys ~a)"',
    '"(on)"',
    '"(>x)"',
    '"(reset)"',
    '"(+nothing)"',
    '"(%R~a %W~a)"',
  ],
  ...[
    '"(\\"+get)"',
    "(+@read",
    '"( +get )"',
    '"((+get))"',
    "+script|kill",
    "+eval",
    "-@scripting",
    "+function|load",
    "+bgrewriteaof",
    "+module|list",
  ],
];

/** Several rules at once, which one showing of the commands in 7.0 has in the same order as they were given. */
const LISTS = [
  "on >a >b <a ~k1 ~k2 &c1 &c2 +get",
  "on nopass >a",
  ">a nopass",
  "~a* %R~b* %W~c* %R~c* %RW~d*",
  "~a %R~a",
  "%R~a ~a",
  "allkeys ~a",
  "~a allkeys",
  "~a resetkeys ~b",
  "allchannels &a",
  "&a allchannels resetchannels &b &b",
  "+@all -@dangerous",
  "-@all +@read",
  "+@all -get",
  "+select|0 +select|1 +SELECT|1",
  "+select|0 -select",
  "+select|0 +select",
  "+config|get +config",
  "+config -config|set",
  "(+get ~a) (+set ~b)",
  "( +get ~a ) ( +set ~b )",
  "(+get ~a clearselectors",
  "(+get (~a +set)",
  "+get ~a (+@all -@admin allchannels %R~* ) off",
  "+get nonsense",
  "+@all ~* &* on nopass",
  "reset +get",
  "+get reset",
];

const COMMANDS = [
  ...[
    "ACL",
    "ACL NOTHING",
    "ACL WHOAMI",
    "ACL WHOAMI x",
    "ACL USERS",
    "ACL USERS x",
    "ACL LIST",
    "ACL LIST x",
    "ACL GETUSER",
    "ACL GETUSER nobody",
    "ACL GETUSER default",
  ],
  ...[
    "ACL SETUSER",
    'ACL SETUSER "a b"',
    'ACL SETUSER "a\\x00b"',
    'ACL SETUSER "a\\tb" on',
    'ACL SETUSER "a\\nb"',
    "ACL SETUSER x",
    "ACL SETUSER (odd on",
    "ACL USERS",
  ],
  ...[
    "ACL DELUSER",
    "ACL DELUSER default",
    "ACL DELUSER x default",
    "ACL USERS",
    "ACL DELUSER nobody",
    "ACL DELUSER x x (odd nobody",
    "ACL USERS",
  ],
  ...[
    "ACL CAT",
    "ACL CAT nothing",
    'ACL CAT ""',
    "ACL CAT read x",
    "ACL GENPASS 0",
    "ACL GENPASS -1",
    "ACL GENPASS 4097",
    "ACL GENPASS x",
    "ACL GENPASS 1 2",
    "ACL LOG x",
  ],
  ...[
    "ACL LOG",
    "ACL LOG RESET",
    "ACL LOG RESET x",
    "ACL LOG -1",
    "ACL LOG 0",
    "ACL LOAD",
    "ACL SAVE",
    "ACL LOAD x",
    "ACL DRYRUN",
    "ACL DRYRUN nobody get a",
  ],
  ...[
    "ACL DRYRUN default nothing",
    "ACL DRYRUN default get",
    "ACL DRYRUN default get a",
    "ACL DRYRUN default config nothing",
    "ACL DRYRUN default config|get a",
  ],
  ...[
    "ACL DRYRUN default CONFIG GET x",
    "ACL SETUSER u ~a* &c* +get +publish",
    "ACL DRYRUN u get b",
    "ACL DRYRUN u set a b",
    "ACL DRYRUN u publish d e",
    "ACL DRYRUN u acl whoami",
  ],
  ...[
    "AUTH",
    "AUTH x",
    "AUTH default x",
    "AUTH nobody x",
    "AUTH u x",
    "AUTH a b c",
    "HELLO 2 AUTH nobody x",
    "HELLO 2 AUTH u",
    "HELLO 4 AUTH u x",
    "CLIENT KILL USER nobody",
  ],
  ...[
    "CONFIG GET acllog-max-len",
    "CONFIG SET acllog-max-len -1",
    "CONFIG SET aclfile x",
    "CONFIG GET acl-pubsub-default",
    "CONFIG SET acl-pubsub-default x",
    "CONFIG GET aclfile",
  ],
];

/** To 7.0's words. */
function as70(reply: string): string {
  return reply
    .replaceAll('"sanitize-payload", ', "")
    .replaceAll(', "sanitize-payload"', "")
    .replaceAll(" sanitize-payload", "")
    .replaceAll("User u has no permissions", "This user has no permissions")
    .replaceAll("redis_version:7.2.4", "");
}

for (const protocol of [2, 3] as const) {
  test(`rules one by one (RESP${protocol})`, { skip: noRedis }, () =>
    withBoth(protocol, async (both) => {
      const { same, tell } = both;
      for (const rule of RULES) {
        await tell("ACL DELUSER u");
        await same(`ACL SETUSER u ${rule}`, as70);
        await sameUser(both, "ACL GETUSER u");
      }
    }),
  );

  test(`lists of rules (RESP${protocol})`, { skip: noRedis }, () =>
    withBoth(protocol, async (both) => {
      const { same, tell } = both;
      for (const rules of LISTS) {
        await tell("ACL DELUSER u");
        await same(`ACL SETUSER u ${rules}`, as70);
        await sameUser(both, "ACL GETUSER u");
        await sameUser(both, "ACL LIST");
      }
    }),
  );

  test(`the commands themselves (RESP${protocol})`, { skip: noRedis }, () =>
    withBoth(protocol, async ({ same }) => {
      for (const command of COMMANDS) await same(command, (reply) => as70(reply.replace(/"[0-9a-f]{64}"/, "")));
    }),
  );
}

const COMMAND_RULES = /[+-]@all(?: [+-][^ )",\]]+)*/g;

/**
 * Compares how a user is shown. Rules of commands, which 7.2 keeps as they were given and 7.0 makes up anew of what is allowed, are
 * retold to redis-server first: what it makes of them is what it must have made of the user's.
 */
async function sameUser({ ours, theirs }: Both, line: string): Promise<void> {
  const [our, their] = await Promise.all([ours.line(line), theirs.line(line)]);
  const rules = our.match(COMMAND_RULES) ?? [];
  const retold: string[] = [];
  for (const rule of rules) {
    await theirs.do("ACL", "SETUSER", "probe", "reset", ...rule.split(" "));
    const probe = await theirs.do("ACL", "GETUSER", "probe");
    retold.push(COMMAND_RULES[Symbol.match](probe)![0]!);
    await theirs.do("ACL", "DELUSER", "probe");
  }
  assert.equal(as70(our.replace(COMMAND_RULES, () => retold.shift()!)), as70(their), line);
}

test("ACL CAT has the commands that Redis has in each category", { skip: noRedis }, () =>
  withBoth(2, async ({ ours, theirs }: Both) => {
    const names = async (client: typeof ours, ...words: string[]) =>
      new Set(JSON.parse(await client.do(...words)) as string[]);
    const theirCommands = await names(theirs, "COMMAND", "LIST");
    for (const category of await names(theirs, "ACL", "CAT")) {
      const [our, their] = [await names(ours, "ACL", "CAT", category), await names(theirs, "ACL", "CAT", category)];
      const missing = [...their].filter((name) => !our.has(name));
      assert.deepEqual(missing, [], category);
      // 7.2 says that WAIT blocks; what else is there is not known to 7.0 at all.
      const more = [...our].filter((name) => !their.has(name) && theirCommands.has(name) && name !== "wait");
      assert.deepEqual(more, [], category);
    }
  }),
);
