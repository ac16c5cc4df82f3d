/** A lying server: replies of RESP2 and RESP3 to the reader that every client of ours uses. */

import type { SeededRandom } from "../../src/io/random.ts";
import { ReplyProtocolError, ReplyReader } from "../../src/resp/reply-reader.ts";
import { NUMBERS, pieces } from "../mutate.ts";
import { Broken, type TargetRow } from "../target.ts";

const TYPES = "+-:$*_#,(!=%~>|";
const MAX_REPLY = 1 << 20;

function reply(random: SeededRandom, depth: number): string {
  const below = (limit: number) => random.uint32() % limit;
  const type = TYPES[below(TYPES.length)]!;
  const text = ["", "x", "OK", "a b", "x".repeat(below(100))][below(5)]!;
  switch (type) {
    case "$":
    case "!":
      return `${type}${text.length}\r\n${text}\r\n`;
    case "=":
      return `=${text.length + 4}\r\ntxt:${text}\r\n`;
    case "*":
    case "~":
    case ">":
    case "%":
    case "|": {
      const count = depth > 3 ? 0 : below(4);
      const items = Array.from({ length: type === "%" || type === "|" ? count * 2 : count }, () =>
        reply(random, depth + 1),
      );
      return `${type}${count}\r\n${items.join("")}`;
    }
    case "_":
      return "_\r\n";
    case "#":
      return `#${below(2) === 0 ? "t" : "f"}\r\n`;
    case ":":
    case "(":
    case ",":
      return `${type}${NUMBERS[below(NUMBERS.length)]}\r\n`;
    default:
      return `${type}${text}\r\n`;
  }
}

export const replies: TargetRow = {
  about: "replies of RESP, to our clients",
  corpus: () =>
    [
      "*3\r\n$3\r\nget\r\n:1\r\n_\r\n",
      "%1\r\n+a\r\n~2\r\n#t\r\n,1.5\r\n",
      ">2\r\n+message\r\n$1\r\na\r\n",
      "=7\r\ntxt:abc\r\n",
      "|1\r\n+ttl\r\n:1\r\n+OK\r\n",
      `${"*1\r\n".repeat(100)}:1\r\n`,
      "*1000000\r\n",
      "$536870912\r\nx",
      "*-1\r\n$-1\r\n",
    ].map((text) => Buffer.from(text)),
  start: () => ({
    make(random) {
      const text = Array.from({ length: 1 + (random.uint32() % 4) }, () => reply(random, 0)).join("");
      const bytes = Buffer.from(text, "latin1");
      for (let i = random.uint32() % 3; i > 0 && bytes.length > 0; i--)
        bytes[random.uint32() % bytes.length] = random.uint32() & 0xff;
      return bytes;
    },
    run(input, random) {
      let open = 0;
      const reader = new ReplyReader(
        { onReply: () => open++, onPush: () => open++ },
        { maxReplyBytes: MAX_REPLY, strings: (["utf8", "latin1", "buffer"] as const)[random.uint32() % 3]! },
      );
      try {
        for (const piece of pieces(input, random)) reader.feed(piece);
      } catch (error) {
        if (!(error instanceof ReplyProtocolError)) throw error;
        return "refused";
      }
      if (open > input.length) throw new Broken(`${open} replies of ${input.length} bytes`);
      return "taken";
    },
  }),
};
