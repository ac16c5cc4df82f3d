/** What `up` says once: what runs where, and how to connect, in lines that can be pasted. Pure. */
import type { GroupFile, NodeFile } from "../lab/group-file.ts";

export function describeGroup(group: GroupFile, folder: string): string[] {
  const primary = group.nodes[0]!;
  const rows = group.nodes.map((node) => {
    const role =
      node.kind === "sentinel"
        ? "Sentinel"
        : group.kind === "cluster"
          ? "node"
          : node === primary
            ? "primary"
            : "replica";
    return `  ${role.padEnd(9)} ${`${node.host}:${node.port}`.padEnd(16)} pid ${node.process.pid}`;
  });
  return [`${group.engine}: ${KINDS[group.kind]}; configuration, logs and data are in ${folder}`, "", ...rows];
}

const KINDS: Record<GroupFile["kind"], string> = {
  sentinel: "a Sentinel group",
  replication: "a replication group",
  cluster: "a cluster",
};

export function howToConnect(group: GroupFile): string[] {
  const primary = group.nodes[0]!;
  const sentinels = group.nodes.filter((node) => node.kind === "sentinel");
  const lines =
    group.kind === "cluster"
      ? toCluster(group.nodes)
      : sentinels.length > 0
        ? throughSentinels(group.masterName, sentinels)
        : direct(primary);
  return ["Connect:", ...lines.map(([name, line]) => `  ${name.padEnd(9)} ${line}`)];
}

function direct({ host, port }: NodeFile): [string, string][] {
  return [
    ["shell", `redis-cli -p ${port}`],
    ["ioredis", `const redis = new Redis(${port}, "${host}");`],
    ["redis-py", `r = redis.Redis(host="${host}", port=${port})`],
  ];
}

function toCluster(nodes: readonly NodeFile[]): [string, string][] {
  const { host, port } = nodes[0]!;
  const js = nodes.slice(0, 3).map((node) => `{ host: "${node.host}", port: ${node.port} }`);
  return [
    ["shell", `redis-cli -c -p ${port}`],
    ["ioredis", `const redis = new Redis.Cluster([${js.join(", ")}]);`],
    ["redis-py", `r = redis.cluster.RedisCluster(host="${host}", port=${port})`],
  ];
}

function throughSentinels(name: string, sentinels: readonly NodeFile[]): [string, string][] {
  const js = sentinels.map(({ host, port }) => `{ host: "${host}", port: ${port} }`).join(", ");
  const py = sentinels.map(({ host, port }) => `("${host}", ${port})`).join(", ");
  const { port } = sentinels[0]!;
  return [
    ["shell", `redis-cli -p $(redis-cli -p ${port} sentinel get-master-addr-by-name ${name} | tail -1)`],
    ["ioredis", `const redis = new Redis({ sentinels: [${js}], name: "${name}", failoverDetector: true });`],
    ["redis-py", `r = redis.sentinel.Sentinel([${py}], socket_timeout=0.5).master_for("${name}")`],
  ];
}

/** How to see it fail over. @param folder  as the user would name it */
export function howToBreak(group: GroupFile, folder: string): string[] {
  if (group.kind === "replication") return [];
  const { pid } = group.nodes[0]!.process;
  if (group.kind === "cluster") return ["Break it:", `  kill -9 ${pid}`];
  return ["Break it:", `  kill -9 ${pid}`, `  npx nines drill kill${folder === ".nines" ? "" : ` --dir ${folder}`}`];
}
