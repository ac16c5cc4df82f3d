/** All that is fuzzed, by name. To add one, add its line here. */
import type { TargetRow } from "./target.ts";
import { acl } from "./targets/acl.ts";
import { bus } from "./targets/bus.ts";
import { nodesConf, redisConf, sentinelConf } from "./targets/files.ts";
import { lyingTarget } from "./targets/migration-target.ts";
import { payloads } from "./targets/payloads.ts";
import { rdb } from "./targets/rdb.ts";
import { lyingPrimary, lyingReplica } from "./targets/replication.ts";
import { replies } from "./targets/replies.ts";
import { inline, requests } from "./targets/requests.ts";
import { sentinelHello } from "./targets/sentinel-hello.ts";
import { lyingSource } from "./targets/slot-migration.ts";

export const targets: Readonly<Record<string, TargetRow>> = {
  requests,
  inline,
  replies,
  payloads,
  rdb,
  "redis-conf": redisConf,
  "sentinel-conf": sentinelConf,
  "nodes-conf": nodesConf,
  acl,
  "sentinel-hello": sentinelHello,
  bus,
  "lying-primary": lyingPrimary,
  "lying-replica": lyingReplica,
  "lying-source": lyingSource,
  "lying-target": lyingTarget,
};
