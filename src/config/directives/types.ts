/** When values of a type change their encoding. */
import { INT_MAX, INT_MIN, integer, LONG_MAX, memory } from "../numeric.ts";

export const types = {
  "hash-max-listpack-entries": integer(512, 0, LONG_MAX, { aliases: ["hash-max-ziplist-entries"] }),
  "hash-max-listpack-value": memory(64, 0, LONG_MAX, { aliases: ["hash-max-ziplist-value"] }),
  "list-max-listpack-size": integer(-2, INT_MIN, INT_MAX, { aliases: ["list-max-ziplist-size"] }),
  "list-compress-depth": integer(0, 0, INT_MAX, {
    inert: "the nodes of lists are not compressed in memory: they take more of it, and less time; replies are the same",
  }),
  "set-max-intset-entries": integer(512, 0, LONG_MAX),
  "set-max-listpack-entries": integer(128, 0, LONG_MAX),
  "set-max-listpack-value": integer(64, 0, LONG_MAX),
  "zset-max-listpack-entries": integer(128, 0, LONG_MAX, { aliases: ["zset-max-ziplist-entries"] }),
  "zset-max-listpack-value": memory(64, 0, LONG_MAX, { aliases: ["zset-max-ziplist-value"] }),
  "hll-sparse-max-bytes": memory(3000, 0, LONG_MAX),
  "stream-node-max-bytes": memory(4096, 0, LONG_MAX),
  "stream-node-max-entries": integer(100, 0, LONG_MAX),
};
