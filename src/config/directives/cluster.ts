/** Redis Cluster. */
import { oneOf, yesNo } from "../kinds.ts";
import { INT_MAX, integer, LONG_MAX, memory, ULONG_MAX } from "../numeric.ts";
import { hostName, path, text } from "../texts.ts";

const LATER = { inert: "belongs to what a newer server's cluster does, and changes nothing here yet" };

export const cluster = {
  "cluster-enabled": yesNo(false, { immutable: true }),
  "cluster-config-file": path("nodes.conf", { immutable: true }),
  "cluster-node-timeout": integer(15000, 0, LONG_MAX),
  "cluster-ping-interval": integer(1000, 0, LONG_MAX, { hidden: true, ...LATER }),
  "cluster-port": integer(0, 0, 65535, { immutable: true }),
  "cluster-announce-ip": text(""),
  "cluster-announce-client-ipv4": text("", LATER),
  "cluster-announce-client-ipv6": text("", LATER),
  "cluster-announce-hostname": hostName(),
  "cluster-announce-human-nodename": text("", {
    refuse: (name) =>
      /^[!-~]*$/.test(name) && !/["',=]/.test(name)
        ? undefined
        : "Announced human node name contained invalid character",
  }),
  "cluster-announce-port": integer(0, 0, 65535),
  "cluster-announce-tls-port": integer(0, 0, 65535),
  "cluster-announce-bus-port": integer(0, 0, 65535),
  "cluster-preferred-endpoint-type": oneOf(["ip", "hostname", "unknown-endpoint"], "ip"),
  "cluster-replica-validity-factor": integer(10, 0, INT_MAX, {
    aliases: ["cluster-slave-validity-factor"],
  }),
  "cluster-replica-no-failover": yesNo(false, { aliases: ["cluster-slave-no-failover"] }),
  "cluster-migration-barrier": integer(1, 0, INT_MAX),
  "cluster-allow-replica-migration": yesNo(true),
  "cluster-require-full-coverage": yesNo(true),
  "cluster-allow-reads-when-down": yesNo(false),
  "cluster-allow-pubsubshard-when-down": yesNo(true),
  "cluster-link-sendbuf-limit": memory(0, 0, ULONG_MAX),
  "cluster-slot-stats-enabled": yesNo(false, LATER),
  "cluster-blacklist-ttl": integer(60, 0, LONG_MAX),
  "cluster-manual-failover-timeout": integer(5000, 1, INT_MAX),
};
