/** What is measured and told: slow commands, latency, keyspace events; scripts that take too long. */
import { yesNo } from "../kinds.ts";
import { integer, LONG_MAX } from "../numeric.ts";
import { keyspaceEvents, percentiles } from "../special.ts";

export const observing = {
  "slowlog-log-slower-than": integer(10000, -1, LONG_MAX, { aliases: ["commandlog-execution-slower-than"] }),
  "slowlog-max-len": integer(128, 0, LONG_MAX, { aliases: ["commandlog-slow-execution-max-len"] }),
  "latency-monitor-threshold": integer(0, 0, LONG_MAX),
  "latency-tracking": yesNo(true),
  "latency-tracking-info-percentiles": percentiles([50, 99, 99.9]),
  "notify-keyspace-events": keyspaceEvents(),
  "busy-reply-threshold": integer(5000, 0, LONG_MAX, { aliases: ["lua-time-limit"], awaits: "scripts" }),
};
