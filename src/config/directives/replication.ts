/** Both ends of replication. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer, LONG_MAX, memory } from "../numeric.ts";
import { hostAndPort, hostPorts } from "../special.ts";
import { text } from "../texts.ts";

export const replication = {
  replicaof: hostAndPort({ aliases: ["slaveof"], immutable: true }),
  masterauth: text("", { aliases: ["primaryauth"], sensitive: true }),
  masteruser: text("", { aliases: ["primaryuser"], sensitive: true }),
  "replica-serve-stale-data": yesNo(true, { aliases: ["slave-serve-stale-data"] }),
  "replica-read-only": yesNo(true, { aliases: ["slave-read-only"] }),
  "replica-lazy-flush": yesNo(false, {
    aliases: ["slave-lazy-flush"],
    inert: "a full sync swaps the data sets; the old one is let go of at once, whatever its size",
  }),
  "replica-ignore-maxmemory": yesNo(true, { aliases: ["slave-ignore-maxmemory"] }),
  "replica-priority": integer(100, 0, INT_MAX, { aliases: ["slave-priority"] }),
  "replica-announced": yesNo(true),
  "replica-announce-ip": text("", { aliases: ["slave-announce-ip"] }),
  "replica-announce-port": integer(0, 0, 65535, { aliases: ["slave-announce-port"] }),
  "replica-ignore-disk-write-errors": yesNo(false, {
    inert: "a replica's snapshot that fails keeps nothing out: only a primary refuses writes then",
  }),
  "propagation-error-behavior": oneOf(["ignore", "panic", "panic-on-replicas"], "ignore", {
    refuse: (value) => (value === "ignore" ? undefined : "only 'ignore' is supported"),
  }),
  "min-replicas-to-write": integer(0, 0, INT_MAX, { aliases: ["min-slaves-to-write"] }),
  "min-replicas-max-lag": integer(10, 0, INT_MAX, { aliases: ["min-slaves-max-lag"] }),
  "repl-timeout": integer(60, 1, INT_MAX),
  "repl-ping-replica-period": integer(10, 1, INT_MAX, { aliases: ["repl-ping-slave-period"] }),
  "repl-backlog-size": memory(1024 * 1024, 1, LONG_MAX),
  "repl-backlog-ttl": integer(3600, 0, LONG_MAX),
  "repl-disable-tcp-nodelay": yesNo(false),
  "repl-diskless-sync": yesNo(true),
  "repl-diskless-sync-delay": integer(5, 0, INT_MAX),
  "repl-diskless-sync-max-replicas": integer(0, 0, INT_MAX),
  "repl-diskless-load": oneOf(["disabled", "on-empty-db", "swapdb"], "disabled", {
    denyLoading: true,
    inert: "a replica always keeps its data until the copy is whole, as with `swapdb`",
  }),
  "dual-channel-replication-enabled": yesNo(false, {
    refuse: (on) => (on ? "dual channel replication is not supported" : undefined),
  }),

  replicas: hostPorts({ ours: "the roster: a primary makes these servers its replicas" }),
  sentinels: hostPorts({ ours: "whom a returning primary asks who is primary now, besides its replicas" }),
  "empty-primary-guard": yesNo(true, {
    ours: "a replica with data keeps it rather than follow a primary that has just started empty",
  }),
  "sentinels-master-name": text("", {
    ours: "the group's name there; empty: the only group they watch, or the one whose hellos passed through this server",
  }),
  "sentinels-user": text("", {
    sensitive: true,
    ours: "who a returning primary is to the Sentinels that it asks; empty with a password: their default user",
  }),
  "sentinels-pass": text("", {
    sensitive: true,
    ours: "that user's password; empty: it asks as a stranger",
  }),
  "lost-writes-file": yesNo(true, {
    ours: "what a full resync would throw away of our own writes is kept in lost-writes-*.aof",
  }),
  "returning-primary-pause": integer(500, 0, INT_MAX, {
    ours: "a pause of the process longer than this, in ms, makes a primary ask whether it still is one; 0: never",
  }),
  "returning-primary-timeout": integer(5000, 0, INT_MAX, {
    ours: "how long, in ms, a primary that restarts or was paused holds writes until it knows that it still is one; 0: not at all",
  }),
};
