/** CONFIG SET: what is given, the reply, and what CONFIG GET says then. Run against us and against a real redis-server. */
export type SetCase = [pairs: [string, string][], reply: string, after?: [name: string, text: string][]];

const failed = (name: string, reason: string) =>
  `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
const one = (name: string, value: string, reply: string, text?: string): SetCase => [
  [[name, value]],
  reply,
  text === undefined ? undefined : [[name, text]],
];
const refused = (name: string, value: string, reason: string): SetCase => one(name, value, failed(name, reason));
const ok = (name: string, value: string, text: string): SetCase => one(name, value, "OK", text);
const signals = "default, save, nosave, now, force";

export const setCases: SetCase[] = [
  // memory
  ok("maxmemory", "", "0"),
  ok("maxmemory", "1gb", "1073741824"),
  ok("maxmemory", "1g", "1000000000"),
  ok("maxmemory", "2Kb", "2048"),
  ok("maxmemory", "99999999999999999999999", "18446744073709551615"),
  refused("maxmemory", "1.5gb", "argument must be a memory value"),
  refused("maxmemory", "-1", "argument must be a memory value"),
  refused("maxmemory", "10tb", "argument must be a memory value"),
  refused("maxmemory-clients", "101%", "percentage argument must be less or equal to 100"),
  refused("maxmemory-clients", "x", "argument must be a memory or percent value"),
  refused("repl-backlog-size", "0", "argument must be between 1 and 9223372036854775807 inclusive"),
  refused("client-query-buffer-limit", "1", "argument must be between 1048576 and 9223372036854775807 inclusive"),
  // numbers
  ok("hz", "1000", "500"),
  ok("slowlog-log-slower-than", "-1", "-1"),
  refused("timeout", "x", "argument couldn't be parsed into an integer"),
  refused("tcp-keepalive", "", "argument couldn't be parsed into an integer"),
  refused("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
  refused("slowlog-max-len", "-1", "argument must be between 0 and 9223372036854775807 inclusive"),
  refused("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
  // words
  ok("rdbcompression", "NO", "no"),
  refused("protected-mode", "maybe", "argument must be 'yes' or 'no'"),
  refused("slave-read-only", "maybe", "argument must be 'yes' or 'no'"),
  [[["SLAVE-priority", "x"]], failed("slave-priority", "argument couldn't be parsed into an integer")],
  ok("loglevel", "WARNING", "warning"),
  refused("loglevel", "foo", "argument(s) must be one of the following: debug, verbose, notice, warning"),
  ok("oom-score-adj", "no", "no"),
  ok("shutdown-on-sigint", "now save force", "save now force"),
  refused("shutdown-on-sigint", "foo", `argument(s) must be one of the following: ${signals}`),
  refused("shutdown-on-sigint", "", `argument(s) must be one of the following: ${signals}`),
  refused("shutdown-on-sigint", "save nosave", "shutdown options SAVE and NOSAVE can't be used simultaneously"),
  ok("shutdown-on-sigint", "default", "default"),
  // words of their own kind
  ok("notify-keyspace-events", "gxeKEtdmn", "gxetdnKEm"),
  ok("notify-keyspace-events", "AKEmn", "AKEm"),
  ok("notify-keyspace-events", "", ""),
  refused("notify-keyspace-events", "q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
  ok("save", "900 1 60 2", "900 1 60 2"),
  ok("save", "", ""),
  refused("save", "1 2 3", "Invalid save parameters"),
  refused("save", "1  2", "Invalid save parameters"),
  refused("save", "0 1", "Invalid save parameters"),
  ok("client-output-buffer-limit", "slave 1kb 2 3", "normal 0 0 0 slave 1024 2 3 pubsub 33554432 8388608 60"),
  refused("client-output-buffer-limit", "normal 1 2", "Wrong number of arguments in buffer limit configuration."),
  refused("client-output-buffer-limit", "foo 1 2 3", "Invalid client class specified in buffer limit configuration."),
  refused(
    "client-output-buffer-limit",
    "master 1 2 3",
    "Invalid client class specified in buffer limit configuration.",
  ),
  refused(
    "client-output-buffer-limit",
    "replica x 2 3",
    "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
  ),
  ok("latency-tracking-info-percentiles", "1 2 99.990", "1 2 99.99"),
  ok("latency-tracking-info-percentiles", "", ""),
  refused(
    "latency-tracking-info-percentiles",
    "101",
    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
  ),
  refused("latency-tracking-info-percentiles", "a", "Invalid latency-tracking-info-percentiles parameters"),
  refused("oom-score-adj-values", "1 2", "wrong number of arguments"),
  refused("proc-title-template", "{foo}", "template format is invalid or contains unknown variables"),
  refused("cluster-announce-hostname", "a b", "Hostnames may only contain alphanumeric characters, hyphens or dots"),
  // what may be set at all
  one("nosuch", "1", "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
  refused("DATABASES", "3", "can't set immutable config"),
  refused("replicaof", "a 1", "can't set immutable config"),
  refused("dir", "/tmp", "can't set protected config"),
  refused("dbfilename", "a", "can't set protected config"),
  [
    [
      ["maxmemory", "1"],
      ["MAXMEMORY", "2"],
    ],
    failed("MAXMEMORY", "duplicate parameter"),
  ],
  [
    [
      ["lua-time-limit", "10"],
      ["timeout", "7"],
    ],
    "OK",
    [
      ["busy-reply-threshold", "10"],
      ["timeout", "7"],
    ],
  ],
  [
    [
      ["timeout", "9"],
      ["nosuch", "1"],
    ],
    "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'",
    [["timeout", "0"]],
  ],
];
