/** A node of a cluster of two: we have the lower half of the slots, somebody of whom only lies are heard has the upper half. */
import { Slice } from "../src/base/bytes.ts";
import { ClusterMachine } from "../src/cluster/machine.ts";
import { readNodesConf, writeNodesConf } from "../src/cluster/nodes-conf.ts";
import { SeededRandom } from "../src/io/random.ts";
import { CLUSTER_FACTS, CLUSTER_SETTINGS } from "./cluster-parts.ts";
import { House } from "./house.ts";
import { Broken } from "./target.ts";

export const US = "f".repeat(40);
export const PEER = "a".repeat(40);
export const PEER_HOST = "10.0.0.1";
/** The first slot of the peer's. */
export const BORDER = 8192;
const SLOTS = 16_384;
const NODES = `${US} 127.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-8191
${PEER} ${PEER_HOST}:6379@16379 master - 0 0 2 connected 8192-16383
vars currentEpoch 2 lastVoteEpoch 0
`;
/** Nobody is there to answer on the bus, and nobody is to be missed. */
const CONFIG = "cluster-enabled yes\ncluster-node-timeout 1000000000\n";

export async function clusterHouse(): Promise<House> {
  const house = await House.start(CONFIG, { "nodes.conf": NODES });
  for (let turns = 0; !house.server.cluster!.shell.state.ok && turns < 20; turns++) house.pass(500);
  if (!house.server.cluster!.shell.state.ok) throw new Error("the cluster does not come up");
  return house;
}

/** Nothing but slots may have changed. */
export function expectCluster({ server }: House): void {
  const { state } = server.cluster!.shell;
  if (state.nodes.size !== 2 || state.myself.id !== US) throw new Broken("the cluster is another");
  if (server.isReplica) throw new Broken("it has become a replica");
  if (server.pause.mode !== null) throw new Broken("clients are paused");
}

/** The slots are whose they were at first. What was saved meanwhile can be started from. */
export function giveBack({ server }: House): void {
  const { shell } = server.cluster!;
  const again = new ClusterMachine({
    id: "e".repeat(40),
    settings: CLUSTER_SETTINGS,
    facts: CLUSTER_FACTS,
    random: new SeededRandom(7),
  });
  readNodesConf(writeNodesConf(shell.state), again.state, 0);
  shell.change((s) => {
    const peer = s.node(PEER)!;
    for (let slot = 0; slot < SLOTS; slot++) {
      const owner = slot < BORDER ? s.myself : peer;
      if (s.owners[slot] !== owner) s.assign(slot, owner);
    }
    s.currentEpoch = 2;
    s.myself.configEpoch = 1;
    peer.configEpoch = 2;
  });
}

/** Deletes the keys of the peer's slots. */
export function deleteTheirs({ server }: House): void {
  const [db] = server.engine.databases;
  for (let slot = BORDER; slot < SLOTS; slot++) {
    if (db!.countInSlot(slot) === 0) continue;
    const keys: Slice[] = [];
    db!.visitSlot(slot, Number.MAX_SAFE_INTEGER, (key) => keys.push(new Slice(key.copy())));
    for (const key of keys) db!.unlink(key);
  }
}
