/** ACL files: taken whole, or refused with nothing changed. */
import { AclFileError } from "../../src/acl/users.ts";
import { House } from "../house.ts";
import { NUMBERS } from "../mutate.ts";
import { Broken, type TargetRow } from "../target.ts";

const WORDS = [
  ...[
    "user",
    "default",
    "alice",
    "on",
    "off",
    "nopass",
    "resetpass",
    "reset",
    ">secret",
    "<secret",
    `#${"a".repeat(64)}`,
    `!${"a".repeat(64)}`,
  ],
  ...[
    "~*",
    "allkeys",
    "resetkeys",
    "%R~a*",
    "%W~b",
    "%RW~c",
    "%~",
    "&*",
    "&news",
    "allchannels",
    "resetchannels",
    "+@all",
    "-@all",
  ],
  ...[
    "+@read",
    "-@dangerous",
    "+get",
    "-get",
    "+config|get",
    "-config|set",
    "+nosuch",
    "+@nosuch",
    "allcommands",
    "nocommands",
  ],
  ...[
    "(+get ~x)",
    "(",
    ")",
    "clearselectors",
    "sanitize-payload",
    "skip-sanitize-payload",
    "+select|0",
    "#",
    "%X~",
    "~a b",
  ],
  ...NUMBERS,
];

export const acl: TargetRow = {
  about: "ACL files",
  corpus: () =>
    [
      "user default on nopass ~* &* +@all\nuser alice on >secret ~cache:* -@all +@read +set (+get ~x) resetchannels &news\n",
      `user bob off sanitize-payload #${"b".repeat(64)} %R~a* %W~b* -@all +@all -@dangerous +config|get\n`,
    ].map((text) => Buffer.from(text)),
  text: WORDS,
  async start() {
    const house = await House.start("requirepass x\n");
    const { users } = house.server.access;
    return {
      run(input) {
        const before = users.lines.join("\n");
        try {
          users.load(input.toString("latin1"), "users.acl");
        } catch (error) {
          if (!(error instanceof AclFileError)) throw error;
          if (users.lines.join("\n") !== before) throw new Broken("a file that was refused has changed users");
          return "refused";
        }
        const written = users.lines.join("\n");
        users.load(written, "users.acl");
        if (users.lines.join("\n") !== written)
          throw new Broken(`it saves\n${written}\nand takes it for\n${users.lines.join("\n")}`);
        return "taken";
      },
      stop: () => house.stop(),
    };
  },
};
