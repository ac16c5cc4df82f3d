/** Where clients come in: `bind`, `port`, `unixsocket`, and who is turned away at the door. */
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Endpoint, Listener, WaitingRoom } from "../io/net.ts";
import { systemErrorText, systemText } from "../io/system-error.ts";
import type { Connection } from "./connection.ts";
import type { Server } from "./server.ts";

const PROTECTED = new ReplyError(
  "DENIED",
  "Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.",
);

export class ListenError extends Error {}

/** What is spoken where something listens, as logs and INFO call it. */
type Kind = "tcp" | "unix" | "tls";

/** So many who are too many may wait to be told so. */
const TOLD = 16;

export class Listeners {
  #open: { readonly kind: Kind; readonly listener: Listener }[] = [];
  readonly #server: Server;
  readonly #waitingRoom: WaitingRoom = {
    places: () => Math.max(0, this.#server.config.values.maxclients - this.#server.clients.count) + TOLD,
    onTurnedAway: () => {
      this.#server.stats.rejectedConnections++;
    },
  };
  /** The port of clients that speak plain text: the configured one, or what `port 0` turned into in an embedded server. */
  port = 0;
  /** The port of those that speak TLS; 0 for none. */
  tlsPort = 0;

  constructor(server: Server) {
    this.#server = server;
  }

  /** The port that replicas, Sentinels and primaries are told: theirs speak TLS if `tls-replication` says so. */
  get linkPort(): number {
    const isSecure = this.tlsPort !== 0 && (this.#server.config.values["tls-replication"] || this.port === 0);
    return isSecure ? this.tlsPort : this.port;
  }

  /** @throws ListenError  with the text of Redis' log line, if no address can be bound, or one that is not optional */
  async open(): Promise<void> {
    const { values } = this.#server.config;
    this.port = await this.#openPorts("tcp", values.bind, values.port, this.port);
    this.tlsPort = await this.#openPorts("tls", values.bind, values["tls-port"], this.tlsPort);
    const { unixsocket: path, unixsocketperm } = values;
    if (path === "") return;
    try {
      await this.#listen("unix", { host: "", port: 0, path, mode: unixsocketperm || undefined });
    } catch (error) {
      await this.close();
      throw new ListenError(`Failed opening Unix socket: bind: ${systemText(error)}`);
    }
  }

  /**
   * CONFIG SET bind, port and tls-port. The old addresses are closed first, since new ones may cover them: 127.0.0.1 is busy while
   * `*` is open. When it fails the old values are applied again, which opens them anew.
   */
  async reopen(): Promise<void> {
    const { port, tlsPort } = this;
    await this.close();
    try {
      await this.open();
    } catch (error) {
      this.port = port;
      this.tlsPort = tlsPort;
      throw error;
    }
  }

  get endpoints(): Endpoint[] {
    return this.#open.map(({ listener }) => listener.endpoint);
  }

  /** What is spoken, each once. */
  get kinds(): Set<Kind> {
    return new Set(this.#open.map(({ kind }) => kind));
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = [];
    await Promise.all(open.map(({ listener }) => listener.close()));
  }

  /** Why a new client may not stay, or null. */
  refuses(connection: Connection): ReplyError | null {
    const { values } = this.#server.config;
    if (this.#server.clients.count >= values.maxclients) return errors.maxClients;
    if (values["protected-mode"] && this.#server.access.users.default.nopass && !connection.isLocal) return PROTECTED;
    return null;
  }

  /**
   * @param configured  0 for none, or for any that is free, which is kept when `bind` changes
   * @param former  what was open before
   * @returns  the port that is open now
   */
  async #openPorts(kind: "tcp" | "tls", bind: readonly string[], configured: number, former: number): Promise<number> {
    if (configured === 0 && this.#server.options.ephemeralPort !== kind) return 0;
    let port = configured === 0 ? former : configured;
    for (const address of bind) {
      const optional = address.startsWith("-");
      const host = hostOf(optional ? address.slice(1) : address);
      try {
        // All addresses share the port that was free on the first.
        port = await this.#listen(kind, { host, port });
      } catch (error) {
        const code = (error as { code?: string }).code ?? "";
        if (optional && ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ENOENT"].includes(code)) continue;
        await this.close();
        this.#server.log.warning(
          `Warning: Could not create server TCP listening socket ${host}:${port}: ${code === "ENOTFOUND" ? "" : "bind: "}${systemErrorText(code)}`,
        );
        throw new ListenError(`Failed listening on port ${port} (${kind}), aborting.`);
      }
    }
    return port;
  }

  async #listen(kind: Kind, where: { host: string; port: number; path?: string; mode?: number }): Promise<number> {
    const server = this.#server;
    const tls = kind === "tls" ? server.tls.clients : undefined;
    const options = { ...where, tls, waitingRoom: this.#waitingRoom, backlog: server.config.values["tcp-backlog"] };
    const listener = await server.io.net.listen(options, (socket) => server.accept(socket));
    this.#open.push({ kind, listener });
    return listener.endpoint.port;
  }
}

function hostOf(address: string): string {
  if (address === "*") return "0.0.0.0";
  return address === "::*" ? "::" : address;
}
