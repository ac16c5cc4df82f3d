/** A Sentinel in a server: the server listens, speaks RESP and delivers pub/sub; the Sentinel watches. */
import { Slice } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import { badLine } from "../config/file.ts";
import type { Processes } from "../io/processes.ts";
import { sentinelCommands } from "../sentinel/commands.ts";
import { BadLine } from "../sentinel/config.ts";
import type { SentinelHost } from "../sentinel/host.ts";
import { sentinelInfo } from "../sentinel/info.ts";
import { SentinelShell } from "../sentinel/shell.ts";
import type { Member } from "./member.ts";
import { type Server, StartError } from "./server.ts";

export class SentinelMember implements Member {
  readonly shell: SentinelShell;
  readonly families;
  readonly info;
  readonly #server: Server;

  /** @throws ConfigFileError  for a line `sentinel ...` that cannot be */
  constructor(server: Server, processes: Processes) {
    this.#server = server;
    const { options } = server;
    try {
      this.shell = new SentinelShell(
        server.tls.ioFor("replication"),
        processes,
        hostOf(server),
        options.extras?.sentinel ?? [],
      );
    } catch (error) {
      if (error instanceof BadLine) throw badLine(error.line, error.message);
      throw error;
    }
    this.families = [sentinelCommands(this.shell)];
    this.info = { sentinel: () => sentinelInfo(this.shell) };
  }

  async start(): Promise<void> {
    try {
      this.shell.start(this.#server.listeners.linkPort);
    } catch (error) {
      throw new StartError((error as Error).message);
    }
  }

  async stop(): Promise<void> {
    this.shell.stop();
  }
}

function hostOf(server: Server): SentinelHost {
  const { config, io, options, pubsub } = server;
  return {
    log: server.log as Log,
    configFile: options.configFile ?? "",
    requirePass: config.values.requirepass,
    sourceHost: config.values["bind-source-addr"] || undefined,
    publish(channel, message) {
      pubsub.publish(channel, new Slice(Buffer.from(message, "latin1")));
    },
    rewriteConfig: (old, sentinelLines) =>
      config.rewrite(old, { sentinel: sentinelLines, users: server.access.source.configLines }),
    get logLevel() {
      return config.values.loglevel;
    },
    set logLevel(level: string) {
      config.set([["loglevel", level]]);
    },
    isExecutable: (path) => io.disk.isExecutable(path),
    exit: (code) => options.exit(code),
  };
}
