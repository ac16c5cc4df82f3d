/** DEBUG PROTOCOL: an example of each kind of reply, for the tests of clients. */
import { ReplyError } from "../../base/reply-error.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";

const EXAMPLES: Readonly<Record<string, (reply: ReplyWriter) => void>> = {
  string: (reply) => reply.bulkText("Hello World"),
  integer: (reply) => reply.integer(12345),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: it is Redis' example, not a circle's.
  double: (reply) => reply.double(3.141),
  bignum: (reply) => reply.bigNumber("1234567999999999999999999999999999999"),
  null: (reply) => reply.nil(),
  array(reply) {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  set(reply) {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  map(reply) {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.boolean(i === 1);
    }
  },
  attrib(reply) {
    // RESP2 has no attributes: what they would belong to is answered alone.
    if (reply.version === 3) {
      reply.raw(Buffer.from("|1\r\n"));
      reply.bulkText("key-popularity");
      reply.array(2);
      reply.bulkText("key:123");
      reply.integer(90);
    }
    reply.bulkText("Some real reply following the attribute");
  },
  push(reply) {
    if (reply.version === 2) throw new ReplyError("ERR", "RESP2 is not supported by this command");
    reply.push(2);
    reply.bulkText("server-cpu-usage");
    reply.integer(42);
    reply.bulkText("Some real reply following the push reply");
  },
  verbatim: (reply) => reply.verbatim("This is a verbatim\nstring"),
  true: (reply) => reply.boolean(true),
  false: (reply) => reply.boolean(false),
};

export function writeExample(reply: ReplyWriter, type: string): void {
  const write = EXAMPLES[type.toLowerCase()];
  if (write === undefined)
    throw new ReplyError(
      "ERR",
      `Wrong protocol type name. Please use one of the following: ${Object.keys(EXAMPLES).join("|")}`,
    );
  write(reply);
}
