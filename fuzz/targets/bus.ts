/** The cluster bus: messages of nodes that lie, to a node in a cluster of three, through the code that reads sockets. */
import { BusLink } from "../../src/cluster/bus-link.ts";
import { encodeMessage } from "../../src/cluster/codec.ts";
import type { Input } from "../../src/cluster/effects.ts";
import { ClusterMachine } from "../../src/cluster/machine.ts";
import type { Message, Sender } from "../../src/cluster/messages.ts";
import { readNodesConf, writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { SlotSet } from "../../src/cluster/slot-set.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { CLUSTER_FACTS, CLUSTER_SETTINGS } from "../cluster-parts.ts";
import { pieces } from "../mutate.ts";
import { FuzzSocket } from "../socket.ts";
import { Broken, type TargetRow } from "../target.ts";

const id = (digit: string) => digit.repeat(40);
const NOW = 1_700_000_000_000;
const CONF = `${id("f")} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460
${id("a")} 10.0.0.1:7000@17001 master - 0 ${NOW} 2 connected 5461-10922
${id("b")} 10.0.0.2:7001@17002 master - 0 ${NOW} 3 connected 10923-16383
${id("c")} 10.0.0.3:7002@17003 slave ${id("a")} 0 ${NOW} 2 connected
vars currentEpoch 3 lastVoteEpoch 2
`;

function corpus(): Buffer[] {
  const senderOf = (letter: string, slots: SlotSet, flags = 1): Sender => ({
    id: id(letter),
    port: 7000,
    plainPort: 0,
    busPort: 17000,
    ip: "10.0.0.1",
    flags,
    replicaOf: flags === 2 ? id("a") : "",
    currentEpoch: 3,
    configEpoch: 2,
    replicationOffset: 100,
    slots,
    clusterOk: true,
    messageFlags: 0,
  });
  const a = senderOf("a", SlotSet.of(...Array.from({ length: 100 }, (_, i) => 5461 + i)));
  const c = senderOf("c", SlotSet.of(), 2);
  const gossip = {
    id: id("b"),
    pingSent: 0,
    pongReceived: 1_700_000_000,
    ip: "10.0.0.2",
    port: 7001,
    busPort: 17002,
    plainPort: 0,
    flags: 1,
  };
  const messages: Message[] = [
    {
      kind: "ping",
      sender: a,
      gossip: [gossip, { ...gossip, id: id("c"), flags: 2 }, { ...gossip, id: id("7") }],
      extensions: {},
    },
    {
      kind: "pong",
      sender: c,
      gossip: [{ ...gossip, flags: 1 | 4 }],
      extensions: { hostname: "h.example", shardId: id("5") },
    },
    {
      kind: "meet",
      sender: senderOf("d", SlotSet.of()),
      gossip: [],
      extensions: { humanName: "n", forgotten: [{ id: id("b"), seconds: 60 }] },
    },
    { kind: "fail", sender: a, id: id("b") },
    { kind: "publish", sender: a, channel: Buffer.from("news"), message: Buffer.from("hello") },
    { kind: "publishshard", sender: a, channel: Buffer.from("news"), message: Buffer.alloc(300, 7) },
    { kind: "auth-req", sender: { ...c, currentEpoch: 4 } },
    { kind: "auth-ack", sender: a },
    { kind: "mfstart", sender: c },
    { kind: "update", sender: a, id: id("b"), configEpoch: 9, slots: SlotSet.of(1, 2, 3) },
  ];
  return messages.map((message) => Buffer.from(encodeMessage(message)));
}

/** What a thousand inputs may log: what strangers say is logged so many times a minute, and what members say more often. */
const MAX_LINES = 150;

export const bus: TargetRow = {
  about: "messages of the cluster bus",
  corpus,
  mend(input, random) {
    // A length that is a lie is refused at once: most are made to fit.
    if (input.length >= 8 && random.uint32() % 8 > 0) {
      const fixed = Buffer.from(input);
      fixed.write("RCmb", 0, "latin1");
      fixed.writeUInt32BE(fixed.length, 4);
      return fixed;
    }
    return input;
  },
  start: () => {
    let machine = boot();
    let now = NOW;
    let runs = 0;
    /** Lines that an operator would have seen since the last check. */
    let lines = 0;
    const step = (input: Input) => {
      for (const effect of machine.step(input, now))
        if (effect.kind === "log" && (effect.level === "notice" || effect.level === "warning")) lines++;
    };
    function boot(): ClusterMachine {
      const made = new ClusterMachine({
        id: id("f"),
        settings: CLUSTER_SETTINGS,
        facts: CLUSTER_FACTS,
        random: new SeededRandom(7),
      });
      readNodesConf(CONF, made.state, NOW);
      return made;
    }
    return {
      run(input, random) {
        if (runs++ % 2000 === 0) {
          machine = boot();
          now = NOW;
        }
        now += 1;
        const number = machine.accept("10.0.0.1", "10.0.0.7", now);
        const socket = new FuzzSocket({ host: "10.0.0.1", port: 1 }, true);
        let messages = 0;
        let refused = false;
        const link = new BusLink(
          {
            onConnect() {},
            onMessage(_link, message) {
              messages++;
              step({ kind: "message", link: number, message });
            },
            onGarbage(_link, what) {
              refused = true;
              step({ kind: "garbage", link: number, what });
              link.destroy();
            },
            onClose() {},
            onOverflow() {},
          },
          socket,
          number,
          now,
          true,
          1 << 20,
        );
        for (const piece of pieces(input, random)) socket.feed(piece);
        if (messages > input.length / 2256) throw new Broken(`${messages} messages of ${input.length} bytes`);
        step({ kind: "disconnected", link: number, refused: false });
        if (runs % 20 === 0) {
          now += 100;
          step({ kind: "tick" });
        }
        return refused || messages === 0 ? "refused" : "taken";
      },
      check() {
        if (lines > MAX_LINES) throw new Broken(`${lines} lines were logged`);
        lines = 0;
        const { state } = machine;
        if (!state.myself.isMyself || state.nodes.get(id("f")) !== state.myself)
          throw new Broken("it is somebody else");
        if (state.nodes.size > 3000) throw new Broken(`it knows ${state.nodes.size} nodes`);
        for (const [slot, owner] of state.owners.entries())
          if (owner !== null && state.nodes.get(owner.id) !== owner) throw new Broken(`slot ${slot} is a stranger's`);
        // What it would save can be started from.
        const again = new ClusterMachine({
          id: id("e"),
          settings: CLUSTER_SETTINGS,
          facts: CLUSTER_FACTS,
          random: new SeededRandom(7),
        });
        readNodesConf(writeNodesConf(state), again.state, now);
      },
    };
  },
};
