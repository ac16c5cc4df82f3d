/** Clients that wait for entries of streams, here and at a real redis-server: who is answered what, at which step. */
import { test } from "node:test";
import { noRedis } from "./both.ts";
import { sameScript } from "./several.ts";

/** Redis 7.0 has an error of its own for readers whose stream goes; later ones run them again, and the group is missing. */
function mask(line: string): string {
  return line
    .replace(/UNBLOCKED the stream key no longer exists/, "NOGROUP")
    .replace(/NOGROUP No such key '.*' or consumer group '.*' in XREADGROUP with GROUP option/, "NOGROUP")
    .replace(/("\d+-\d+", "[^"]*"), :\d+, :/g, "$1, idle, :")
    .replace(/NOGROUP the consumer group this client was blocked on no longer exists/, "NOGROUP");
}

const scripts: Record<string, string[]> = {
  "one entry serves all who read": [
    "a: XREAD BLOCK 0 STREAMS s $",
    "b: XREAD BLOCK 0 COUNT 1 STREAMS s 0",
    "c: XREAD BLOCK 0 STREAMS t s $ $",
    "d: XADD s 1-1 a b",
    "d: XADD s 1-2 a b",
    "a: XREAD BLOCK 0 STREAMS s $",
    "d: XADD s 1-3 a b",
  ],
  "the first of several": [
    "a: XREAD BLOCK 0 STREAMS s t s $ $ 0",
    "d: XADD t 1-1 a b",
    "a: XREAD BLOCK 0 STREAMS s t 5-0 5-0",
    "d: XADD t 4-1 a b",
    "d: XADD t 5-0 a b",
    "d: XADD t 5-1 a b",
  ],
  "a group gives each entry once": [
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "b: XREADGROUP GROUP g b BLOCK 0 STREAMS s >",
    "c: XREAD BLOCK 0 STREAMS s $",
    "d: XADD s 1-1 a b",
    "d: XADD s 1-2 a b",
    "d: XPENDING s g - + 10",
    "a: XREADGROUP GROUP g a BLOCK 0 NOACK STREAMS s >",
    "d: XADD s 1-3 a b",
    "d: XPENDING s g",
  ],
  "in a transaction all that was added": [
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "b: XREAD BLOCK 0 STREAMS s $",
    "d: MULTI",
    "d: XADD s 1-1 a b",
    "d: XADD s 1-2 a b",
    "d: XADD s 1-3 a b",
    "d: EXEC",
    "b: XREAD BLOCK 0 STREAMS s $",
    "d: MULTI",
    "d: XADD s 2-1 a b",
    "d: XADD s 2-2 a b",
    "d: XDEL s 2-1",
    "d: EXEC",
    "d: XADD s 2-3 a b",
  ],
  "the key goes and comes": [
    "a: XREAD BLOCK 0 STREAMS s $",
    "d: XADD s 5-1 a b",
    "a: XREAD BLOCK 0 STREAMS s $",
    "d: DEL s",
    "d: XADD s 3-1 a b",
    "d: XADD s 6-1 a b",
    "a: XREAD BLOCK 0 STREAMS t $",
    "d: SET t x",
    "d: DEL t",
    "d: XADD u 1-1 a b",
    "d: RENAME u t",
  ],
  "the group goes": [
    "d: XGROUP CREATE s g $ MKSTREAM",
    "d: XGROUP CREATE s h $",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "b: XREADGROUP GROUP h b BLOCK 0 STREAMS s >",
    "c: XREAD BLOCK 0 STREAMS s $",
    "d: XGROUP DESTROY s g",
    "d: XADD s 1-1 a b",
  ],
  "the group's stream goes": [
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "d: DEL s",
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "d: FLUSHALL",
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "d: RENAME s t",
  ],
  "unblocked, and out of time": [
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "d: CLIENT UNBLOCK {id:a}",
    "a: XREAD BLOCK 0 STREAMS s $",
    "d: CLIENT UNBLOCK {id:a} ERROR",
    "a!: XREAD BLOCK 20 STREAMS s $",
  ],
  "what was deleted does not wake": [
    "d: XADD s 1-1 a b",
    "d: XADD s 1-2 a b",
    "d: XDEL s 1-2",
    "a: XREAD BLOCK 0 STREAMS s 1-1",
    "d: XADD s 1-3 a b",
    "d: XGROUP CREATE s g 1-3",
    "d: XDEL s 1-3",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "d: XGROUP SETID s g 0",
    "d: XADD s 1-4 a b",
  ],
  "history does not wait": [
    "d: XGROUP CREATE s g $ MKSTREAM",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s 0",
    "d: XADD s 1-1 a b",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s t > >",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s >",
    "a: XREADGROUP GROUP g a BLOCK 0 STREAMS s 0",
  ],
};

for (const protocol of [2, 3] as const)
  for (const [name, script] of Object.entries(scripts))
    test(`waiting for streams: ${name} (RESP${protocol})`, { skip: noRedis, timeout: 20_000 }, () =>
      sameScript(protocol, script, mask),
    );
