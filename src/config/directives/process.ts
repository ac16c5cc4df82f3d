/** The process: how it runs, where it writes what happened, how it ends. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer } from "../numeric.ts";
import { oomScores, shutdownOptions } from "../special.ts";
import { directory, path, text, titleTemplate } from "../texts.ts";

const TITLE = { inert: "the process keeps the title it was started with" };
const CPU = { immutable: true, inert: "pinning is left to taskset and systemd's CPUAffinity" };
const CRASH = { inert: "Node reports crashes; there is no C stack to print" };
const SYSLOG = { immutable: true, inert: "what is logged goes to `logfile`; systemd's journal takes stdout" };
const THREADS = { immutable: true, inert: "one thread does the work" };

export const processDirectives = {
  dir: directory({ protected: true, denyLoading: true }),
  daemonize: yesNo(false, { immutable: true }),
  pidfile: path("", { immutable: true }),
  supervised: oneOf(["upstart", "systemd", "auto", "no"], "no", {
    immutable: true,
    inert: "the process stays in the foreground and tells no supervisor: a systemd unit wants `Type=exec`",
  }),
  databases: integer(16, 1, INT_MAX, { immutable: true }),
  hz: integer(10, 0, INT_MAX, { cap: [1, 500] }),
  "dynamic-hz": yesNo(true, { inert: "periodic work is sized by what is due, not by how many clients there are" }),
  "shutdown-timeout": integer(10, 0, INT_MAX),
  "shutdown-on-sigint": shutdownOptions(),
  "shutdown-on-sigterm": shutdownOptions(),

  logfile: path("", { immutable: true, keepsEmpty: true }),
  loglevel: oneOf(["debug", "verbose", "notice", "warning"], "notice"),
  "syslog-enabled": yesNo(false, SYSLOG),
  "syslog-ident": text("redis", SYSLOG),
  "syslog-facility": oneOf(
    ["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
    "local0",
    SYSLOG,
  ),
  "always-show-logo": yesNo(false, { immutable: true, inert: "there is no logo to show" }),
  "set-proc-title": yesNo(true, { immutable: true, ...TITLE }),
  "proc-title-template": titleTemplate("{title} {listen-addr} {server-mode}", TITLE),
  "hide-user-data-from-log": yesNo(true, { inert: "no user data is logged" }),
  "crash-log-enabled": yesNo(true, CRASH),
  "crash-memcheck-enabled": yesNo(true, CRASH),
  "use-exit-on-panic": yesNo(false, { hidden: true, ...CRASH }),
  "enable-debug-assert": yesNo(false, {
    aliases: ["debug-assert-enabled"],
    immutable: true,
    hidden: true,
    inert: "assertions are always on",
  }),
  "watchdog-period": integer(0, 0, INT_MAX, { hidden: true, ...CRASH }),
  "ignore-warnings": text("", { keepsEmpty: true, inert: "the warnings it silences are not given" }),

  "io-threads": integer(1, 1, 128, THREADS),
  "io-threads-do-reads": yesNo(false, THREADS),
  "events-per-io-thread": integer(2, 0, INT_MAX, { hidden: true, inert: THREADS.inert }),
  "prefetch-batch-max-size": integer(16, 0, 128, { inert: "nothing is prefetched" }),
  "server-cpulist": text("", { aliases: ["server_cpulist"], ...CPU }),
  "bio-cpulist": text("", { aliases: ["bio_cpulist"], ...CPU }),
  "aof-rewrite-cpulist": text("", { aliases: ["aof_rewrite_cpulist"], ...CPU }),
  "bgsave-cpulist": text("", { aliases: ["bgsave_cpulist"], ...CPU }),
  "oom-score-adj": oneOf(["no", "yes", "relative", "absolute"], "no", {
    same: { relative: "yes" },
    inert: "the score of the process is left as its supervisor set it",
  }),
  "oom-score-adj-values": oomScores([0, 200, 800], { inert: "used by `oom-score-adj` only" }),
  "disable-thp": yesNo(true, { immutable: true, inert: "nothing is forked, so huge pages are not copied" }),
  "locale-collate": text("", { keepsEmpty: true, awaits: "SORT ALPHA" }),
  "extended-redis-compatibility": yesNo(false, { inert: "we always say what Redis says" }),
  "availability-zone": text("", { awaits: "HELLO and INFO telling it to clients" }),
};
