/** Where the server listens and how connections are treated. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer, LONG_MAX, memory, memoryOrPercent, octal, UINT_MAX } from "../numeric.ts";
import { addresses, outputLimits } from "../special.ts";
import { path, text } from "../texts.ts";

const MB = 1024 * 1024;
const GATE = ["no", "yes", "local"] as const;

export const network = {
  port: integer(6379, 0, 65535),
  bind: addresses(["*", "-::*"]),
  "bind-source-addr": text(""),
  "protected-mode": yesNo(true),
  "tcp-backlog": integer(511, 0, INT_MAX, { immutable: true }),
  "tcp-keepalive": integer(300, 0, INT_MAX),
  timeout: integer(0, 0, INT_MAX),
  unixsocket: path("", { immutable: true }),
  unixsocketperm: octal(0, 0o777, { immutable: true }),
  "socket-mark-id": integer(0, 0, UINT_MAX, {
    immutable: true,
    refuse: (mark) => (mark === 0 ? undefined : "marking sockets is not supported"),
  }),
  mptcp: yesNo(false, { immutable: true, refuse: (on) => (on ? "Multipath TCP is not supported" : undefined) }),
  "repl-mptcp": yesNo(false, { immutable: true, refuse: (on) => (on ? "Multipath TCP is not supported" : undefined) }),

  maxclients: integer(10000, 1, UINT_MAX),
  "max-new-connections-per-cycle": integer(10, 1, 1000, {
    inert: "Node accepts one connection a turn of its loop, among what else there is to do",
  }),
  "max-new-tls-connections-per-cycle": integer(1, 1, 1000, {
    inert: "Node accepts one connection a turn of its loop, among what else there is to do",
  }),
  "maxmemory-clients": memoryOrPercent(0),
  "client-query-buffer-limit": memory(1024 * MB, MB, LONG_MAX),
  "client-output-buffer-limit": outputLimits([
    { class: "normal", hardBytes: 0, softBytes: 0, softSeconds: 0 },
    { class: "replica", hardBytes: 256 * MB, softBytes: 64 * MB, softSeconds: 60 },
    { class: "pubsub", hardBytes: 32 * MB, softBytes: 8 * MB, softSeconds: 60 },
  ]),
  "proto-max-bulk-len": memory(512 * MB, MB, LONG_MAX),
  "tracking-table-max-keys": integer(1000000, 0, LONG_MAX, { awaits: "client-side caching" }),

  requirepass: text("", { sensitive: true }),
  aclfile: path("", { keepsEmpty: true, immutable: true }),
  "acllog-max-len": integer(128, 0, LONG_MAX),
  "acl-pubsub-default": oneOf(["allchannels", "resetchannels"], "resetchannels"),
  "enable-protected-configs": oneOf(GATE, "no", { immutable: true }),
  "enable-debug-command": oneOf(GATE, "no", { immutable: true }),
  "enable-module-command": oneOf(GATE, "no", { immutable: true }),
};
