/** The truth about a world at this moment, read from the nodes themselves. */
import { Slice } from "../src/base/bytes.ts";
import type { SimNode } from "./node.ts";
import { GROUP, type World } from "./world.ts";

/** "address:port" of what this Sentinel takes for the primary. */
export function opinionOf(sentinel: SimNode): string | null {
  const master = sentinel.sentinel?.state.masters.get(GROUP);
  return master ? `${master.address.host}:${master.address.port}` : null;
}

export function placeOf(node: SimNode): string {
  return `${node.address}:${node.port}`;
}

/** Why there is not one primary that all agree on and follow; empty if there is. */
export function disagreements(world: World): string[] {
  const found: string[] = [];
  const primaries = world.servers.filter((server) => server.replication?.role === "master");
  if (primaries.length !== 1)
    found.push(`${primaries.length} primaries: ${primaries.map((one) => one.name).join(", ")}`);
  const primary = primaries[0];
  for (const node of world.nodes) if (!node.ready) found.push(`${node.name} is not ready`);
  if (primary === undefined) return found;
  for (const sentinel of world.sentinels) {
    const master = sentinel.sentinel?.state.masters.get(GROUP);
    if (opinionOf(sentinel) !== placeOf(primary)) found.push(`${sentinel.name} says ${opinionOf(sentinel)}`);
    else if (master?.sdown) found.push(`${sentinel.name} takes ${primary.name} for down`);
    else if (master?.inFailover) found.push(`${sentinel.name} is in a failover (${master.failoverState})`);
  }
  for (const server of world.servers) {
    const { replication } = server;
    if (server === primary || !replication) continue;
    const followed = replication.primary;
    const place = followed === null ? "nobody" : `${followed.host}:${followed.port}`;
    if (place !== placeOf(primary)) found.push(`${server.name} follows ${place}`);
    else if (!replication.linkUp) found.push(`the link of ${server.name} is down`);
  }
  return found;
}

/** What a server holds in its database 0; a key that is past its time counts as gone. */
export function dataOf(node: SimNode): Map<string, string> {
  const data = new Map<string, string>();
  const server = node.server;
  if (server === null) return data;
  const db = server.engine.databases[0]!;
  const keys: string[] = [];
  db.keys((key) => keys.push(key.latin1()));
  for (const key of keys) {
    const value = db.getString(Slice.of(key));
    if (value !== null) data.set(key, Buffer.from(value.bytes.subarray(value.start, value.end)).toString("latin1"));
  }
  return data;
}
