/** CONFIG SET, REWRITE and RESETSTAT at work: what changes where when a directive does. */
import type { ReplyError } from "../base/reply-error.ts";
import type { Call } from "../commands/call.ts";
import type { ConfigHost } from "../config/commands.ts";
import type { Config } from "../config/config.ts";
import { tls } from "../config/directives/tls.ts";
import { EngineStats } from "../engine/engine.ts";
import type { Disk } from "../io/disk.ts";
import type { Connection } from "./connection.ts";
import { fitMaxclients } from "./file-limit.ts";
import { ListenError } from "./listeners.ts";
import type { Server } from "./server.ts";
import { KEPT_ELSEWHERE } from "./settings.ts";
import { UNUSABLE } from "./tls.ts";

/** What TLS is made of: read anew when any of it is set. */
const TLS = Object.keys(tls) as (keyof typeof tls)[];

export class ServerConfigHost implements ConfigHost {
  readonly config: Config;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.config = server.config;
    fitMaxclients(server);
    server.config.check("dir", (dir) => notThere(server.io.disk, dir));
    server.config.onApply(TLS, () => (server.tls.isWanted && !server.tls.configure() ? UNUSABLE : undefined));
    server.config.onApply(["bind", "port", "tls-port"], (blamed) => reopen(server, blamed));
    server.config.onChange("requirepass", (password) => server.access.setDefaultPassword(password));
    server.config.onApply(KEPT_ELSEWHERE, () => {
      server.applySettings();
      return undefined;
    });
  }

  get loading(): boolean {
    return this.#server.loading;
  }

  isLocal({ session }: Call): boolean {
    return (session as Connection).isLocal;
  }

  get rewriteFile(): (() => void) | undefined {
    const { configFile, disk } = { configFile: this.#server.options.configFile, disk: this.#server.io.disk };
    if (!configFile) return undefined;
    return () => {
      const old = Buffer.from(disk.readSync(configFile) ?? "").toString("latin1");
      disk.replaceSync(
        configFile,
        Buffer.from(this.config.rewrite(old, { users: this.#server.access.source.configLines }), "latin1"),
      );
    };
  }

  resetStatistics(): void {
    const { stats, eviction, engine, table, dispatch, members, tls } = this.#server;
    stats.reset();
    eviction.evicted = 0;
    tls.failedHandshakes = 0;
    engine.stats = new EngineStats();
    dispatch.commandsProcessed = 0;
    for (const { stats: row } of table.all()) {
      row.calls = row.micros = row.rejected = row.failed = 0;
      row.histogram.fill(0);
    }
    for (const member of members) member.resetStatistics?.();
  }

  mayWait({ session }: Call): boolean {
    return !session.denyBlocking;
  }

  answerLater({ session }: Call, work: Promise<void>): void {
    const server = this.#server;
    const connection = session as Connection;
    connection.blocked = {
      kind: "config",
      unblockable: false,
      timedOut() {},
      cancel() {},
    };
    const finish = (error: ReplyError | null) => {
      connection.blocked = null;
      if (error) connection.answers.error(error);
      else connection.answers.ok();
      server.resumeLater(connection);
    };
    work.then(
      () => finish(null),
      (error) => finish(error as ReplyError),
    );
  }
}

function notThere(disk: Disk, dir: string): string | undefined {
  if (!disk.exists(dir)) return "No such file or directory";
  return disk.exists(`${dir}/.`) ? undefined : "Not a directory";
}

async function reopen(server: Server, blamed: string): Promise<string | undefined> {
  try {
    await server.listeners.reopen();
    return undefined;
  } catch (error) {
    if (error instanceof ListenError)
      return blamed === "bind"
        ? "Failed to bind to specified addresses."
        : "Unable to listen on this port. Check server logs.";
    throw error;
  }
}
