/**
 * What an application does when its primary dies: connect through the Sentinels, write, lose the primary, notice, follow,
 * and read the value back from the new one.
 *
 *   node --import tsx examples/failover.ts
 *       starts a group inside this process and kills its primary
 *   node --import tsx examples/failover.ts --group .nines/group.json
 *       uses the group that `npm start` runs in another terminal: the file names its Sentinels, and the process to kill
 *   node --import tsx examples/failover.ts 127.0.0.1:26379 127.0.0.1:26380 127.0.0.1:26381
 *       uses any group that has these Sentinels, a real Redis' as well; waits until you kill its primary
 *
 * `--name` is what the Sentinels call the group, if not "mymaster".
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { startSentinelGroup } from "nines";

interface Group {
  readonly name: string;
  readonly sentinels: readonly { host: string; port: number }[];
  killPrimary(port: number): Promise<void> | void;
  stop(): Promise<void> | void;
}

const group = await chooseGroup();
const redis = new Redis({
  name: group.name,
  sentinels: [...group.sentinels],
  // The Sentinels tell when the primary changes: one that hangs never breaks a connection.
  failoverDetector: true,
  // A write waits for the new primary; the default gives up after 20 attempts.
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(times * 20, 200),
  sentinelRetryStrategy: (times) => Math.min(times * 20, 200),
  sentinelCommandTimeout: 500,
  connectTimeout: 500,
  disconnectTimeout: 50,
  socketTimeout: 2000,
});
let finished = false;
redis.on("error", (error) => console.log(`  noticed: ${error.message}`));
redis.on("end", () => {
  // ioredis 6.0.0 may take its own detector's disconnect for ours, and would then never come back.
  if (!finished) redis.connect().catch(() => {});
});

const first = await portInUse();
await redis.set("greeting", "written before the failure");
// Replication is asynchronous: what no replica has is lost with the primary.
const copies = await redis.wait(1, 5000);
console.log(`wrote to the primary at port ${first}; ${copies} of its replicas have it too`);

await group.killPrimary(first);
const start = performance.now();
let second = first;
for (let writes = 0; second === first; writes++) {
  try {
    await redis.set("counter", writes);
    second = await portInUse();
  } catch (error) {
    // Whether it was run is unknown if it was sent at all.
    console.log(`  a write failed: ${(error as Error).message}`);
  }
  await sleep(10);
}
console.log(`writing again after ${Math.round(performance.now() - start)} ms, to the new primary at port ${second}`);
console.log(`read back from it: "${await redis.get("greeting")}"`);

finished = true;
redis.disconnect();
await group.stop();

/** The port of the server that answers this client now. */
async function portInUse(): Promise<number> {
  return Number(/^tcp_port:(\d+)/m.exec(await redis.info("server"))![1]);
}

async function chooseGroup(): Promise<Group> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { group: { type: "string" }, name: { type: "string", default: "mymaster" } },
  });
  if (values.group !== undefined) return runningGroup(values.group);
  if (positionals.length === 0) return ownGroup(values.name);
  const sentinels = positionals.map((address) => {
    const colon = address.lastIndexOf(":");
    return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
  });
  const killPrimary = (port: number) => console.log(`now kill the server at port ${port}; waiting`);
  return { name: values.name, sentinels, killPrimary, stop() {} };
}

async function ownGroup(name: string): Promise<Group> {
  const embedded = await startSentinelGroup({ name });
  return {
    name,
    sentinels: embedded.sentinelAddresses,
    killPrimary: () => embedded.primary.kill(),
    stop: () => embedded.stop(),
  };
}

/** @param path  the file in which `nines up` keeps what runs where */
function runningGroup(path: string): Group {
  interface Node {
    kind: "server" | "sentinel";
    host: string;
    port: number;
    process: { pid: number };
  }
  const file: { masterName: string; nodes: Node[] } = JSON.parse(readFileSync(path, "utf8"));
  return {
    name: file.masterName,
    sentinels: file.nodes.filter(({ kind }) => kind === "sentinel"),
    killPrimary(port) {
      const node = file.nodes.find((one) => one.kind === "server" && one.port === port)!;
      console.log(`kill -9 ${node.process.pid}`);
      process.kill(node.process.pid, "SIGKILL");
    },
    stop() {},
  };
}
