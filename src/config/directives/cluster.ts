/** Redis Cluster: known, so that shared files load; turning it on is refused until it is built. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer, LONG_MAX, memory, ULONG_MAX } from "../numeric.ts";
import { hostName, path, text } from "../texts.ts";

const CLUSTER = { inert: "used by a cluster only, which `cluster-enabled yes` would make" };

export const cluster = {
  "cluster-enabled": yesNo(false, {
    immutable: true,
    refuse: (on) => (on ? "cluster mode (cluster-enabled yes) is not supported yet" : undefined),
  }),
  "cluster-config-file": path("nodes.conf", { immutable: true, ...CLUSTER }),
  "cluster-node-timeout": integer(15000, 0, LONG_MAX, CLUSTER),
  "cluster-ping-interval": integer(1000, 0, LONG_MAX, { hidden: true, ...CLUSTER }),
  "cluster-port": integer(0, 0, 65535, { immutable: true, ...CLUSTER }),
  "cluster-announce-ip": text("", CLUSTER),
  "cluster-announce-client-ipv4": text("", CLUSTER),
  "cluster-announce-client-ipv6": text("", CLUSTER),
  "cluster-announce-hostname": hostName(CLUSTER),
  "cluster-announce-human-nodename": text("", CLUSTER),
  "cluster-announce-port": integer(0, 0, 65535, CLUSTER),
  "cluster-announce-tls-port": integer(0, 0, 65535, CLUSTER),
  "cluster-announce-bus-port": integer(0, 0, 65535, CLUSTER),
  "cluster-preferred-endpoint-type": oneOf(["ip", "hostname", "unknown-endpoint"], "ip", CLUSTER),
  "cluster-replica-validity-factor": integer(10, 0, INT_MAX, {
    aliases: ["cluster-slave-validity-factor"],
    ...CLUSTER,
  }),
  "cluster-replica-no-failover": yesNo(false, { aliases: ["cluster-slave-no-failover"], ...CLUSTER }),
  "cluster-migration-barrier": integer(1, 0, INT_MAX, CLUSTER),
  "cluster-allow-replica-migration": yesNo(true, CLUSTER),
  "cluster-require-full-coverage": yesNo(true, CLUSTER),
  "cluster-allow-reads-when-down": yesNo(false, CLUSTER),
  "cluster-allow-pubsubshard-when-down": yesNo(true, CLUSTER),
  "cluster-link-sendbuf-limit": memory(0, 0, ULONG_MAX, CLUSTER),
  "cluster-slot-stats-enabled": yesNo(false, CLUSTER),
  "cluster-blacklist-ttl": integer(60, 0, LONG_MAX, CLUSTER),
  "cluster-manual-failover-timeout": integer(5000, 1, INT_MAX, CLUSTER),
};
