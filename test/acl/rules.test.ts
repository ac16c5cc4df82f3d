/** Rules, and the users that they make. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type RuleContext, User } from "../../src/acl/user.ts";
import { AclFileError, Users } from "../../src/acl/users.ts";
import { commandsOfServer } from "./vocabulary.ts";

const P = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"; // of "password"
let context: RuleContext;

before(async () => {
  ({ context } = await commandsOfServer());
});

/** Rules of a new user, and what ACL LIST shows of him behind his flags; an error starts with "!". */
const described: [rules: string, shown: string][] = [
  ["", "off sanitize-payload resetchannels -@all"],
  ["on nopass", "on nopass sanitize-payload resetchannels -@all"],
  ["on >password", `on sanitize-payload #${P} resetchannels -@all`],
  ["on >password >password nopass >password", `on sanitize-payload #${P} resetchannels -@all`],
  [`#${P} <password`, "off sanitize-payload resetchannels -@all"],
  ["skip-sanitize-payload", "off skip-sanitize-payload resetchannels -@all"],
  ["~a* %R~b %W~c %RW~d &x", "off sanitize-payload ~a* %R~b %W~c ~d resetchannels &x -@all"],
  ["%R~a %W~a", "off sanitize-payload ~a resetchannels -@all"],
  ["~* &* +@all", "off sanitize-payload ~* &* +@all"],
  ["+get -set +@read -@write", "off sanitize-payload resetchannels -@all +get -set +@read -@write"],
  ["+config|get +config", "off sanitize-payload resetchannels -@all +config"],
  ["+config -config|set", "off sanitize-payload resetchannels -@all +config -config|set"],
  ["+get +set -get", "off sanitize-payload resetchannels -@all +set -get"],
  ["+GET +Config|Get +@Read", "off sanitize-payload resetchannels -@all +get +config|get +@read"],
  ["+select|0 +select|1", "off sanitize-payload resetchannels -@all +select|0 +select|1"],
  ["+script|kill -function +eval", "off sanitize-payload resetchannels -@all +script|kill -function +eval"],
  [
    "+get (~a +set) ( &x -@all )",
    "off sanitize-payload resetchannels -@all +get (~a resetchannels -@all +set) (resetchannels &x -@all)",
  ],
  ["+get (~a +set) clearselectors", "off sanitize-payload resetchannels -@all +get"],
  ["on nopass ~* &* +@all (+get) reset", "off sanitize-payload resetchannels -@all"],
  [
    "allkeys ~a",
    "!'~a': Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  ],
  ["+nothing", "!'+nothing': Unknown command or category name in ACL"],
  ["+config|get|x", "!'+config|get|x': Allowing first-arg of a subcommand is not supported"],
  ["<password", "!'<password': The password you are trying to remove from the user does not exist"],
  [
    "#short",
    "!'#short': The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters",
  ],
  ["%~a", "!'%~a': Syntax error"],
  ["(+get on)", "!'(+get on)': Syntax error"],
  // What a file could not say again.
  ["(+get ~x))", "!'(+get ~x))': Syntax error"],
  ["(~x) +get)", "!'+get)': Unknown command or category name in ACL"],
  ["(+select|0))", "!'(+select|0))': Syntax error"],
  ['("~a\\x22b")', "!'(\"~a\\x22b\")': Syntax error"],
  ["~x) +get", "off sanitize-payload ~x) resetchannels -@all +get"],
];

for (const [rules, shown] of described)
  test(`rules: ${rules}`, () => {
    const users = new Users(context);
    const made = (): string => {
      try {
        return users.draft("u", rules.split(" ")).describe();
      } catch (error) {
        return `!'${(error as { rule: string }).rule}': ${(error as Error).message}`;
      }
    };
    assert.equal(made(), shown);
    if (shown.startsWith("!")) return;
    // What is shown makes the same user again.
    assert.equal(users.draft("v", ["reset", ...shown.split(" ")]).describe(), shown);
  });

test("what is built and what is not may both be named, and only what is built counts twice", () => {
  const names = [...context.vocabulary.all()].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(new Set([...context.vocabulary.all()].map(({ id }) => id)).size, names.length);
  for (const name of ["get", "acl|setuser", "script|kill", "eval", "bgrewriteaof"])
    assert.ok(names.includes(name), name);
});

test("acl-pubsub-default holds for new users, selectors and RESET", () => {
  const open = { ...context, allChannelsByDefault: true };
  const user = new User("u", open);
  assert.equal(user.describe(), "off sanitize-payload &* -@all");
  user.applyAll(["resetchannels", "(+get)"]);
  assert.equal(user.describe(), "off sanitize-payload resetchannels -@all (&* -@all +get)");
  user.apply("reset");
  assert.equal(user.describe(), "off sanitize-payload &* -@all");
});

test("only a user with a selector that allows all is not to be asked", () => {
  const user = new User("u", context);
  const unrestricted = (...rules: string[]) => {
    user.applyAll(rules);
    return user.unrestricted;
  };
  assert.equal(unrestricted("+@all", "~*"), false);
  assert.equal(unrestricted("&*"), true);
  assert.equal(unrestricted("-get"), false);
  assert.equal(unrestricted("+get"), false, "the flag is gone for good, as in Redis");
  assert.equal(unrestricted("(+@all ~* &*)"), true);
  assert.equal(unrestricted("clearselectors"), false);
});

test("a password is known by its hash alone", () => {
  const user = new User("u", context);
  user.applyAll(["on", ">secret", ">other"]);
  assert.doesNotMatch(JSON.stringify(user), /secret|other"/);
  const admits = (password: string) => user.admits(Buffer.from(password));
  assert.deepEqual(["secret", "other", "", "secret ", "x"].map(admits), [true, true, false, false, false]);
  user.apply("off");
  assert.equal(admits("secret"), false);
});

const files: [what: string, text: string, wrong: string | null][] = [
  ["users", "user default on nopass ~* &* +@all\n\n  user a on >x ~a* (+get)\t\r\nuser b\n", null],
  ["no default", "user a on\n", null],
  ["a comment", "# no\n", "/f:1 should start with user keyword followed by the username. "],
  ["no name", "user\n", "/f:1 should start with user keyword followed by the username. "],
  ["twice", "user a\nuser a\n", "WARNING: Duplicate user 'a' found on line 2. "],
  [
    "a command that is not there",
    "user a +nothing +get\n",
    "/f:1: Error in applying operation '+nothing': Unknown command or category name in ACL. ",
  ],
  ["two faults", "user a nonsense foo\nuser b %~x\n", "/f:1: Syntax error. /f:2: Syntax error. "],
  ["open", "user a (+get\n", "/f:1: Unmatched parenthesis in selector definition."],
];

for (const [what, text, wrong] of files)
  test(`a file: ${what}`, () => {
    const users = new Users(context);
    users.commit(users.draft("old", ["on"]));
    const before = users.lines;
    const { default: same } = users;
    if (wrong === null) {
      assert.deepEqual(
        users.load(text, "/f").map(({ name }) => name),
        ["old"],
      );
      assert.equal(users.default, same);
      assert.equal(users.get("old"), undefined);
      const again = new Users(context);
      again.load(users.lines.join("\n"), "/g");
      assert.deepEqual(again.lines, users.lines);
      return;
    }
    assert.throws(
      () => users.load(text, "/f"),
      (error) => {
        assert.ok(error instanceof AclFileError);
        assert.equal(
          error.message,
          `${wrong}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`,
        );
        return true;
      },
    );
    assert.deepEqual(users.lines, before);
  });
