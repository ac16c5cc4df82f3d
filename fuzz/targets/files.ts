/** The files that a server starts from, as somebody else may have written them: each is taken or refused with a reason. */
import { NodesConfError, readNodesConf, writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { ClusterState } from "../../src/cluster/state.ts";
import { Config } from "../../src/config/config.ts";
import { directives } from "../../src/config/directives.ts";
import { ConfigFileError, loadConfig } from "../../src/config/file.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { BadLine, configLines, loadConfig as loadSentinel } from "../../src/sentinel/config.ts";
import { Sentinel } from "../../src/sentinel/machine.ts";
import type { State } from "../../src/sentinel/state.ts";
import { CLUSTER_FACTS, CLUSTER_SETTINGS } from "../cluster-parts.ts";
import { NUMBERS } from "../mutate.ts";
import { Broken, type TargetRow } from "../target.ts";

const id = (digit: string) => digit.repeat(40);
const utf8 = (texts: readonly string[]) => texts.map((text) => Buffer.from(text));

// ---- redis.conf

const CONF_WORDS = [
  ...Object.keys(directives),
  ...[
    "yes",
    "no",
    "1mb",
    "10%",
    "64mb",
    "0",
    "-1",
    "local",
    "everysec",
    "normal",
    "replica",
    "pubsub",
    "127.0.0.1",
    "::1",
    "*",
    "-::*",
  ],
  ...[
    "save",
    "include",
    "rename-command",
    "user",
    "default",
    "loadmodule",
    "sentinel",
    ">secret",
    "~*",
    "+@all",
    '""',
    "allkeys-lru",
  ],
  ...NUMBERS,
];

export const redisConf: TargetRow = {
  about: "redis.conf",
  corpus: () =>
    utf8([
      "# comment\nport 6379\nbind 127.0.0.1 -::1\nsave 900 1\nsave 60 1000\nmaxmemory 100mb\nmaxmemory-policy allkeys-lru\n",
      'requirepass "a b\\x41"\nrename-command CONFIG ""\nclient-output-buffer-limit replica 256mb 64mb 60\nappendonly no\n',
      "replicaof 127.0.0.1 6380\nmasterauth x\nnotify-keyspace-events KEA\nloglevel notice\ndatabases 16\nmaxmemory-clients 5%\n",
      "latency-tracking-info-percentiles 50 99 99.9\nunixsocket '/tmp/x y'\nunixsocketperm 700\ntcp-keepalive 300\nhz 10\ndir ./\n",
      "cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 5000\nset-max-intset-entries 512\n",
      "user default on nopass ~* &* +@all\nlist-max-ziplist-size -2\noom-score-adj-values 0 200 800\nproto-max-bulk-len 512mb\n",
    ]),
  text: CONF_WORDS,
  start: () => ({
    run(input) {
      const config = new Config({ directory: "/tmp" });
      const text = input.toString("latin1");
      const include = () => [];
      try {
        loadConfig(config, text, { include });
      } catch (error) {
        if (!(error instanceof ConfigFileError)) throw error;
        return "refused";
      }
      // What is written back says the same.
      const again = new Config({ directory: "/tmp" });
      const rewritten = config.rewrite(text.replaceAll(/^\s*include.*$/gim, ""));
      loadConfig(again, rewritten, { include });
      for (const name of Object.keys(directives) as (keyof typeof directives)[])
        if (config.text(name) !== again.text(name))
          throw new Broken(`${name} was "${config.text(name)}" and is rewritten as "${again.text(name)}"`);
      return "taken";
    },
  }),
};

// ---- sentinel.conf

const SENTINEL_WORDS = [
  ...[
    "sentinel",
    "monitor",
    "down-after-milliseconds",
    "failover-timeout",
    "parallel-syncs",
    "mymaster",
    "other",
    "auth-pass",
  ],
  ...[
    "config-epoch",
    "leader-epoch",
    "current-epoch",
    "known-replica",
    "known-sentinel",
    "myid",
    "known-slave",
    "announce-ip",
  ],
  ...[
    "announce-port",
    "resolve-hostnames",
    "announce-hostnames",
    "rename-command",
    "notification-script",
    "deny-scripts-reconfig",
  ],
  ...[
    "127.0.0.1",
    "::1",
    "host.example",
    id("a"),
    id("b"),
    "6379",
    "26379",
    "yes",
    "no",
    "port",
    "client-reconfig-script",
  ],
  ...NUMBERS,
];

/** What a Sentinel must know again after a restart. */
function remembered({ myid, currentEpoch, options, masters }: State): string {
  return JSON.stringify([
    { myid, currentEpoch, options },
    ...[...masters.values()].map((master) => ({
      address: [master.name, master.address.port, master.quorum],
      epochs: [master.configEpoch, master.leaderEpoch],
      times: [master.downAfterMs, master.failoverTimeoutMs, master.parallelSyncs, master.rebootDownAfterMs],
      secrets: [master.authUser, master.authPass],
      scripts: [master.notificationScript, master.clientReconfigScript],
      renamed: [...master.renamed],
      sentinels: [...master.sentinels.values()].map(({ name, address }) => [name, address.port]),
    })),
  ]);
}

export const sentinelConf: TargetRow = {
  about: "sentinel.conf",
  corpus: () =>
    utf8([
      "port 26379\nsentinel monitor mymaster 127.0.0.1 6379 2\nsentinel down-after-milliseconds mymaster 5000\nsentinel failover-timeout mymaster 60000\nsentinel parallel-syncs mymaster 1\n",
      `sentinel myid ${id("c")}\nsentinel monitor mymaster 127.0.0.1 6379 2\nsentinel config-epoch mymaster 3\nsentinel leader-epoch mymaster 3\nsentinel current-epoch 3\nsentinel known-replica mymaster 127.0.0.1 6380\nsentinel known-sentinel mymaster 127.0.0.1 26380 ${id("d")}\n`,
      "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel announce-ip 10.0.0.1\nsentinel announce-port 5000\nsentinel monitor other db.example 6379 1\nsentinel auth-pass other secret\nsentinel auth-user other me\nsentinel rename-command other CONFIG abc\nsentinel deny-scripts-reconfig yes\n",
    ]),
  text: SENTINEL_WORDS,
  start: () => ({
    run(input) {
      const config = new Config({ directory: "/tmp", sentinel: true });
      const load = (text: string) => {
        const machine = new Sentinel(new SeededRandom(1));
        const { sentinel } = loadConfig(config, text, { sentinel: true, include: () => [] });
        const lines = sentinel.map(({ number, text, words }) => ({ number, text, words }));
        loadSentinel(machine.state, lines, { isExecutable: () => true });
        // As who starts without a name does.
        if (machine.state.myid === "") machine.state.myid = id("e");
        return machine;
      };
      let machine: Sentinel;
      try {
        machine = load(input.toString("latin1"));
      } catch (error) {
        if (!(error instanceof ConfigFileError || error instanceof BadLine)) throw error;
        return "refused";
      }
      const written = configLines(machine.state);
      const { state } = load(written.join("\n"));
      const again = configLines(state);
      if (written.join("\n") !== again.join("\n"))
        throw new Broken(`it saves\n${written.join("\n")}\nand takes it for\n${again.join("\n")}`);
      // What is not written is not missed by comparing lines.
      const [known, read] = [remembered(machine.state), remembered(state)];
      if (known !== read) throw new Broken(`it knows\n${known}\nand after a restart\n${read}`);
      return "taken";
    },
  }),
};

// ---- nodes.conf

const NODES_WORDS = [
  ...[
    "myself,master",
    "master",
    "slave",
    "myself,slave",
    "noflags",
    "fail",
    "fail?",
    "handshake",
    "noaddr",
    "nofailover",
    "-",
  ],
  ...[
    "connected",
    "disconnected",
    "0-5460",
    "5461-10922",
    "16383",
    "16384",
    "0",
    "1",
    "[93-<-",
    "[77->-",
    "vars",
    "currentEpoch",
  ],
  ...[
    "lastVoteEpoch",
    id("a"),
    id("b"),
    id("c"),
    `[5->-${id("b")}]`,
    `[6-<-${id("a")}]`,
    "127.0.0.1:7000@17000",
    ":0@0",
  ],
  ...["127.0.0.1:7000@17000,host.example,nodename=x,shard-id=y", "::1:7000@17000", `,,shard-id=${id("9")}`],
  ...NUMBERS,
];

export const nodesConf: TargetRow = {
  about: "nodes.conf",
  corpus: () =>
    utf8([
      `${id("a")} 127.0.0.1:7000@17000,,shard-id=${id("1")} myself,master - 0 0 1 connected 0-5460\n${id("b")} 127.0.0.1:7001@17001,host.example,nodename=two master - 0 1700000000000 2 connected 5461-10922 [93->-${id("a")}]\n${id("c")} 127.0.0.1:7002@17002 slave ${id("a")} 0 1700000000000 1 connected\nvars currentEpoch 3 lastVoteEpoch 2\n`,
      `${id("a")} :7000@17000 myself,slave ${id("b")} 0 0 0 connected\n${id("b")} 10.0.0.1:7001@17001 master,fail? - 1 2 7 disconnected 0-100 200 300-400\nvars currentEpoch 7 lastVoteEpoch 0\n`,
      `${id("a")} :0@0 myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n`,
    ]),
  text: NODES_WORDS,
  start: () => ({
    run(input) {
      const load = (text: string) => {
        const state = new ClusterState(id("f"), CLUSTER_SETTINGS, CLUSTER_FACTS, new SeededRandom(1));
        readNodesConf(text, state, 1_700_000_000_000);
        return state;
      };
      let state: ClusterState;
      try {
        state = load(input.toString("latin1"));
      } catch (error) {
        if (!(error instanceof NodesConfError)) throw error;
        return "refused";
      }
      for (const { id, address } of state.nodes.values())
        if (address.port > 65_535 || address.busPort > 65_535) throw new Broken(`${id} is where nobody can be`);
      const written = writeNodesConf(state);
      const again = writeNodesConf(load(written));
      if (written !== again) throw new Broken(`it saves\n${written}and takes it for\n${again}`);
      return "taken";
    },
  }),
};
