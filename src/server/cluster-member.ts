/** A node of a cluster in a server: what it is handed, and when it is called. */
import { join } from "node:path";
import { Slice } from "../base/bytes.ts";
import { clusterCommands } from "../cluster/commands.ts";
import type { ClusterFacts } from "../cluster/facts.ts";
import { NodesConfError } from "../cluster/nodes-conf.ts";
import { NodesConfLockError } from "../cluster/nodes-conf-lock.ts";
import { type ClusterHost, ClusterShell } from "../cluster/shell.ts";
import type { Session } from "../commands/session.ts";
import type { Endpoint } from "../io/net.ts";
import { ClusterRouting } from "./cluster-routing.ts";
import { type ClusterPorts, clusterSettings, routingSettings } from "./cluster-settings.ts";
import { type Connection, Guard } from "./connection.ts";
import type { Member } from "./member.ts";
import type { ReplicationMember } from "./replication-member.ts";
import { type Server, StartError } from "./server.ts";
import { HiddenKeys } from "./slot-migration/hidden-keys.ts";
import { SlotMigrations } from "./slot-migration/migrations.ts";
import { describeMoves, takeUpMoves } from "./slot-migration/moves.ts";

const BUS_PORT_DISTANCE = 10_000;
const PAUSED = "cluster-failover";

export class ClusterMember implements Member {
  readonly shell: ClusterShell;
  readonly routing: ClusterRouting;
  readonly hidden: HiddenKeys;
  readonly migrations: SlotMigrations;
  readonly families;
  readonly info = { cluster: () => ["cluster_enabled:1"] };
  readonly #server: Server;
  readonly #replication: ReplicationMember;
  #busPort = 0;

  /** @throws StartError  when nodes.conf cannot be believed */
  constructor(server: Server, replication: ReplicationMember) {
    this.#server = server;
    this.#replication = replication;
    const { values } = server.config;
    const routing = routingSettings(values);
    try {
      this.shell = new ClusterShell({
        io: server.tls.ioFor("cluster"),
        host: this.#host(),
        settings: clusterSettings(values, this.#ports()),
        facts: this.#facts(),
        file: join(values.dir, values["cluster-config-file"]),
        sendBufferLimit: values["cluster-link-sendbuf-limit"],
      });
    } catch (error) {
      if (error instanceof NodesConfLockError) throw new StartError(error.message);
      if (!(error instanceof NodesConfError)) throw error;
      throw new StartError(`Unrecoverable error: corrupted cluster config file: ${error.message}`);
    }
    this.routing = new ClusterRouting(() => this.shell.state, routing, server.engine);
    const choices = (session: Session) => this.routing.choicesOf(session as Connection);
    this.hidden = new HiddenKeys(server, (slot) => this.shell.state.owners[slot] === this.shell.state.myself);
    this.migrations = new SlotMigrations(server, this.shell, this.hidden, server.tls.ioFor("cluster"));
    replication.replication.returning = this.shell;
    replication.replication.onNotice = (capability) => this.hidden.told(capability);
    this.families = [
      clusterCommands({
        shell: this.shell,
        routing,
        migrations: this.migrations,
        shownKeys: (slot) => (this.hidden.has(slot) ? 0 : server.engine.databases[0]!.countInSlot(slot)),
        isTls: (session) => (session as Connection).socket.tls ?? false,
        keysIn: (slot, count) => (this.hidden.has(slot) ? [] : this.#keysIn(slot, count)),
        ask: (session) => {
          choices(session).asking = true;
        },
        setReadonly: (session, on) => {
          choices(session).readonly = on;
        },
      }),
    ];
  }

  guards(): number {
    return Guard.cluster;
  }

  async start(): Promise<void> {
    const { config, listeners, options } = this.#server;
    const { values } = config;
    const { port, tlsPort } = listeners;
    const linkPort = values["tls-cluster"] ? tlsPort || port : port || tlsPort;
    this.#busPort = values["cluster-port"] || (options.ephemeralPort ? 0 : linkPort + BUS_PORT_DISTANCE);
    const addresses = new Set(listeners.endpoints.filter(({ path }) => path === undefined).map(({ host }) => host));
    try {
      this.#busPort = await this.shell.listen([...addresses], this.#busPort);
    } catch (error) {
      throw new StartError(`Failed listening on the cluster bus port ${this.#busPort}: ${(error as Error).message}`);
    }
    this.shell.start();
    this.#takeUpHidden();
    this.#followPrimary();
  }

  stop(): Promise<void> {
    this.migrations.stop();
    this.hidden.stop();
    return this.shell.stop();
  }

  cron(): void {
    this.#followPrimary();
    this.#redirectWaiting();
  }

  connectionClosed(connection: Connection): void {
    this.migrations.connectionClosed(connection);
  }

  published(channel: string, message: Slice): void {
    this.shell.publish(Buffer.from(channel, "latin1"), message.copy(), false);
  }

  publishedInShard(channel: string, message: Slice): void {
    this.shell.publish(Buffer.from(channel, "latin1"), message.copy(), true);
  }

  /** A replica follows whom the cluster says, whatever happened to the link or to its primary's address meanwhile. */
  #followPrimary(): void {
    const primary = this.#primaryEndpoint();
    if (primary === null) return;
    const { replication } = this.#replication;
    const followed = replication.primary;
    if (followed?.host !== primary.host || followed.port !== primary.port) replication.replicaOf(primary, "");
  }

  /** Where our primary's replicas come to: its plain port, if it tells of two and ours is a plain link. */
  #primaryEndpoint(): Endpoint | null {
    const { primary } = this.shell.state.myself;
    if (primary === null || primary.address.ip === "") return null;
    const { ip: host, port, plainPort } = primary.address;
    const isPlain = plainPort !== 0 && !this.#server.config.values["tls-replication"];
    return { host, port: isPlain ? plainPort : port };
  }

  #ports(): ClusterPorts {
    const { listeners } = this.#server;
    const bus = () => this.#busPort;
    return {
      get port() {
        return listeners.port;
      },
      get tlsPort() {
        return listeners.tlsPort;
      },
      get busPort() {
        return bus();
      },
    };
  }

  /** Clients that wait for keys of a slot that is another's now are told whose. */
  #redirectWaiting(): void {
    for (const { connection, row, args } of this.#server.blocking.waiters()) {
      const refused = this.routing.refusalOfWaiting(connection, row, args);
      if (refused !== null) connection.blocked?.cancel(refused.message);
    }
  }

  #keysIn(slot: number, count: number): Slice[] {
    const keys: Slice[] = [];
    this.#server.engine.databases[0]!.visitSlot(slot, count, (key) => keys.push(new Slice(key.copy())));
    return keys;
  }

  #facts(): ClusterFacts {
    const { engine } = this.#server;
    return {
      timeOfDay: () => this.#server.clock.now(),
      replicationOffset: () => this.#replication.replication.offset,
      dataAgeMs: () => this.#dataAge(),
      keysIn: (slot) => (this.hidden.has(slot) ? 0 : engine.databases[0]!.countInSlot(slot)),
      hasKeys: () => engine.databases.some((db) => db.visibleSize > 0),
    };
  }

  #dataAge(): number {
    const { follower } = this.#replication.replication.machine;
    const { now } = this.#replication.replication;
    if (follower.state === "connected") return now - follower.lastIoAt;
    return follower.downSince < 0 ? Number.POSITIVE_INFINITY : now - follower.downSince;
  }

  #host(): ClusterHost {
    const server = this.#server;
    const { host, replication } = this.#replication;
    return {
      log: server.log,
      stateChanged: () => {},
      slotsChanged: () => this.#slotsChanged(),
      replicate: () => {
        const primary = this.#primaryEndpoint();
        if (primary !== null) replication.replicaOf(primary, "");
      },
      promote: () => this.#promote(),
      dropKeys: (slots) => this.hidden.drop(slots),
      // Until the machine takes it back, by its own clock: the wall clock, which pauses end by, may jump.
      pauseWrites: () => server.pause.begin(PAUSED, "write", Number.POSITIVE_INFINITY),
      resumeWrites: () => server.pause.end(PAUSED),
      holdWrites: () => host.pauseWrites("returning"),
      releaseWrites: (replaced) => {
        if (replaced) host.dropHeldReplies();
        else host.releaseReplies();
        host.resumeWrites("returning");
      },
      published: (sharded, channel, message) => {
        const name = Buffer.from(channel).toString("latin1");
        const text = new Slice(Buffer.from(message));
        if (sharded) server.pubsub.spublish(name, text);
        else server.pubsub.publish(name, text);
      },
      exit: (code) => server.options.exit(code),
    };
  }

  #promote(): void {
    this.#replication.replication.promote("");
    this.hidden.promoted();
    if (this.hidden.moves !== "") this.shell.change((s) => takeUpMoves(s, this.hidden.moves));
  }

  #slotsChanged(): void {
    this.#redirectWaiting();
    this.#tellMoves();
    this.hidden.ownersChanged();
    this.migrations.slotsChanged();
    const { pubsub } = this.#server;
    if (pubsub.shardChannels.size > 0) pubsub.dropShardChannels((channel) => this.routing.servesChannel(channel));
  }

  /** Our replicas learn from us which slots move key by key: one that is promoted goes on with it. */
  #tellMoves(): void {
    const { state } = this.shell;
    if (state.myself.isPrimary && !this.#server.isReplica) this.hidden.setMoves(describeMoves(state));
  }

  /** What a file says that was read at the start. */
  #takeUpHidden(): void {
    this.hidden.adopt(this.#server.engine.hidden.label);
    if (!this.shell.state.myself.isPrimary) return;
    this.hidden.promoted();
    // That is in nodes.conf, which is newer.
    this.#tellMoves();
  }
}
