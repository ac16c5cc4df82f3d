/** How much memory may be used, what goes when it is full, and how keys that expired are found. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer, LONG_MAX, memory, ULONG_MAX } from "../numeric.ts";

const DEFRAG = { inert: "used by `activedefrag` only, which cannot be enabled" };

export const memoryDirectives = {
  maxmemory: memory(0, 0, ULONG_MAX),
  "maxmemory-policy": oneOf(
    [
      "volatile-lru",
      "volatile-lfu",
      "volatile-random",
      "volatile-ttl",
      "allkeys-lru",
      "allkeys-lfu",
      "allkeys-random",
      "noeviction",
    ],
    "noeviction",
  ),
  "maxmemory-samples": integer(5, 1, INT_MAX),
  "maxmemory-eviction-tenacity": integer(10, 0, 100),
  "lfu-log-factor": integer(10, 0, INT_MAX),
  "lfu-decay-time": integer(1, 0, INT_MAX),
  "active-expire-effort": integer(1, 1, 10),
  activerehashing: yesNo(true, { inert: "tables are always resized in small steps, when there is time" }),
  "lazyfree-lazy-eviction": yesNo(false),
  "lazyfree-lazy-expire": yesNo(false),
  "lazyfree-lazy-server-del": yesNo(false),
  "lazyfree-lazy-user-del": yesNo(false),
  "lazyfree-lazy-user-flush": yesNo(false),
  "jemalloc-bg-thread": yesNo(true, { inert: "the data lives in pages of our own, without jemalloc" }),
  activedefrag: yesNo(false, {
    refuse: (on) =>
      on ? "Active defragmentation cannot be enabled: the data lives in pages of our own, without jemalloc" : undefined,
  }),
  "active-defrag-ignore-bytes": memory(100 << 20, 1, LONG_MAX, DEFRAG),
  "active-defrag-threshold-lower": integer(10, 0, 1000, DEFRAG),
  "active-defrag-threshold-upper": integer(100, 0, 1000, DEFRAG),
  "active-defrag-cycle-min": integer(1, 1, 99, DEFRAG),
  "active-defrag-cycle-max": integer(25, 1, 99, DEFRAG),
  "active-defrag-cycle-us": integer(500, 0, 100000, DEFRAG),
  "active-defrag-max-scan-fields": integer(1000, 1, LONG_MAX, DEFRAG),
};
