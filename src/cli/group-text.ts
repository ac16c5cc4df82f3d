/** What `up` says once: what runs where, and how to connect, in lines that can be pasted. Pure. */
import type { GroupFile, NodeFile } from "../lab/group-file.ts";
import type { TlsFiles } from "../lab/tls.ts";

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
  const { tls } = group;
  const lines =
    group.kind === "cluster"
      ? toCluster(group.nodes, tls)
      : sentinels.length > 0
        ? throughSentinels(group.masterName, sentinels, tls)
        : direct(primary, tls);
  if (tls !== undefined) lines.splice(1, 0, ["in Node", jsCertificates(tls)]);
  return ["Connect:", ...lines.map(([name, line]) => `  ${name.padEnd(9)} ${line}`)];
}

function direct({ host, port }: NodeFile, tls?: TlsFiles): [string, string][] {
  const js = tls ? `{ host: "${host}", port: ${port}, tls }` : `${port}, "${host}"`;
  return [
    ["shell", `${cli(tls)} -p ${port}`],
    ["ioredis", `const redis = new Redis(${js});`],
    ["redis-py", `r = redis.Redis(host="${host}", port=${port}${pyCertificates(tls)})`],
  ];
}

function toCluster(nodes: readonly NodeFile[], tls?: TlsFiles): [string, string][] {
  const { host, port } = nodes[0]!;
  const js = nodes.slice(0, 3).map((node) => `{ host: "${node.host}", port: ${node.port} }`);
  const options = tls ? ", { redisOptions: { tls } }" : "";
  return [
    ["shell", `${cli(tls)} -c -p ${port}`],
    ["ioredis", `const redis = new Redis.Cluster([${js.join(", ")}]${options});`],
    ["redis-py", `r = redis.cluster.RedisCluster(host="${host}", port=${port}${pyCertificates(tls)})`],
  ];
}

function throughSentinels(name: string, sentinels: readonly NodeFile[], tls?: TlsFiles): [string, string][] {
  const js = sentinels.map(({ host, port }) => `{ host: "${host}", port: ${port} }`).join(", ");
  const py = sentinels.map(({ host, port }) => `("${host}", ${port})`).join(", ");
  const { port } = sentinels[0]!;
  const options = tls ? ", tls, sentinelTLS: tls, enableTLSForSentinelMode: true" : "";
  const asked = tls ? `, sentinel_kwargs=dict(${pyCertificates(tls).slice(2)})${pyCertificates(tls)}` : "";
  return [
    ["shell", `${cli(tls)} -p $(${cli(tls)} -p ${port} sentinel get-master-addr-by-name ${name} | tail -1)`],
    ["ioredis", `const redis = new Redis({ sentinels: [${js}], name: "${name}", failoverDetector: true${options} });`],
    ["redis-py", `r = redis.sentinel.Sentinel([${py}], socket_timeout=0.5${asked}).master_for("${name}")`],
  ];
}

function cli(tls: TlsFiles | undefined): string {
  if (tls === undefined) return "redis-cli";
  const { ca, certificate, key } = tls;
  return `redis-cli --tls --cacert ${shellWord(ca)} --cert ${shellWord(certificate)} --key ${shellWord(key)}`;
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function jsCertificates({ ca, certificate, key }: TlsFiles): string {
  const read = (path: string) => `fs.readFileSync(${JSON.stringify(path)})`;
  return `const tls = { ca: ${read(ca)}, cert: ${read(certificate)}, key: ${read(key)} };`;
}

function pyCertificates(tls: TlsFiles | undefined): string {
  if (tls === undefined) return "";
  const [ca, certificate, key] = [tls.ca, tls.certificate, tls.key].map((path) => JSON.stringify(path));
  return `, ssl=True, ssl_ca_certs=${ca}, ssl_certfile=${certificate}, ssl_keyfile=${key}`;
}

/**
 * How to see it fail over.
 * @param folder  as the user would name it
 * @param program  how the user calls this program
 */
export function howToBreak(group: GroupFile, folder: string, program: string): string[] {
  if (group.kind === "replication") return [];
  const { pid } = group.nodes[0]!.process;
  return [
    "Break it:",
    `  kill -9 ${pid}`,
    `  ${program} drill kill${folder === ".nines" ? "" : ` --dir ${shellWord(folder)}`}`,
  ];
}
