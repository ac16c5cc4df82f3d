/** Clusters that things happen to: seeds keep all rules, and machines that break a rule on purpose are caught. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClusterPlan } from "../../sim/cluster/faults.ts";
import type { Member } from "../../sim/cluster/member.ts";
import { type ClusterVerdict, runCluster } from "../../sim/cluster/run.ts";
import { measure } from "../../sim/cluster/scale.ts";
import type { ClusterWorld } from "../../sim/cluster/world.ts";
import { markFailed } from "../../src/cluster/failure.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import { seedRange } from "./seed-range.ts";

/** Seeds that found something once: what it was stands beside them. */
const REMEMBERED: readonly [seed: number, found: string][] = [
  [4, "a slot that was given away stayed with its giver, whose epoch had grown"],
  [25, "a PING that was lost was never asked again"],
  [403042, "a new epoch after a collision was not told, and somebody was elected in it"],
];

describe("seeds", () => {
  for (const [seed, found] of REMEMBERED) {
    test(`${seed}: ${found}`, () => assert.deepEqual(runCluster(seed).violations, []));
  }

  test("others", () => {
    for (const seed of seedRange(5000, 4)) {
      assert.deepEqual(runCluster(seed, { primaries: 3 }).violations, [], `seed ${seed}`);
    }
  });
});

test("a seed is one history, whoever runs it", () => {
  const run = () => runCluster(7, { primaries: 3, forMs: 5000 });
  const [one, other] = [run(), run()];
  assert.equal(one.messages, other.messages);
  assert.deepEqual(one.world.logs, other.world.logs);
});

type Breaking = readonly [what: string, plan: ClusterPlan, first: number, breakIt: (world: ClusterWorld) => void];

/**
 * By rule, as its checker words it: what a machine does wrong on purpose, in which plan, and from which seed on that is to be found
 * soon. Every checker has its own, and `one owner` and `votes`, which look at two things, have one for each.
 */
const MUTATIONS: readonly (readonly [rule: RegExp, ...breaking: Breaking])[] = [
  [
    /^votes: .* voted in epoch/,
    "votes as often as it is asked",
    "chaos",
    1,
    (world) => {
      world.tamper = ({ state }) => {
        state.lastVoteEpoch = 0;
        for (const node of state.roll.nodes) node.votedAt = 0;
      };
    },
  ],
  [
    /^votes: .* forgot that it voted/,
    "forgets its votes in a crash",
    "chaos",
    1,
    (world) => {
      world.forgetful = true;
    },
  ],
  [
    /^one owner: epoch \d+ was won by/,
    "needs no majority",
    "chaos",
    5,
    (world) =>
      each(world, ({ state }) => {
        Object.defineProperty(state, "quorum", { get: () => 1 });
      }),
  ],
  [
    /^one owner: epoch \d+ was won by/,
    "takes over without an epoch of its own",
    "chaos",
    1,
    (world) => {
      world.tamper = ({ state }, input) => {
        if (input.kind === "message" && input.message.kind === "auth-ack") state.election.epoch = 1;
      };
    },
  ],
  [
    /^one owner: in epoch \d+ a majority saw slot/,
    "takes over in its primary's epoch, and believes whoever spoke last",
    "chaos",
    1,
    (world) => {
      world.tamper = ({ state }, input) => {
        if (input.kind !== "message") return;
        const { kind, sender } = input.message;
        const { primary } = state.myself;
        if (kind === "auth-ack" && primary !== null) state.election.epoch = primary.configEpoch;
        const [slot] = sender.slots;
        const owner = slot === undefined ? null : state.owners[slot];
        if (sender.replicaOf === "" && owner && owner.id !== sender.id && owner.configEpoch === sender.configEpoch) {
          owner.configEpoch = Math.max(0, sender.configEpoch - 1);
        }
      };
    },
  ],
  [
    /^cause/,
    "says of a primary that is well that it has failed",
    "calm",
    2,
    (world) => {
      world.tamper = ({ state }, { kind }) => {
        const { primary } = state.myself;
        const isWell = primary !== null && !primary.is(NodeFlag.fail);
        if (kind === "tick" && isWell && world.random.uint32() % 300 === 0) markFailed(state, primary);
      };
    },
  ],
  [
    /^manual failover: \[\d+\] took over at/,
    "does not wait for its primary's last offset",
    "manual",
    11,
    (world) => {
      world.tamper = ({ state }) => {
        if (state.myself.isReplica && state.manual.endsAt !== 0) state.manual.canStart = true;
      };
    },
  ],
  [
    /^manual failover: \[\d+\] went on/,
    "goes on writing while it is replaced",
    "manual",
    1,
    (world) => {
      world.tamper = (member) => {
        member.isPaused = false;
      };
    },
  ],
  [
    /^keys/,
    "deletes keys of slots that are its own",
    "chaos",
    1,
    (world) => {
      world.tamper = ({ state }, input) => {
        const hearsFail = input.kind === "message" && input.message.kind === "fail";
        if (hearsFail && state.myself.votes) state.do({ kind: "dropKeys", slots: [...state.myself.slots] });
      };
    },
  ],
  [
    /^structure/,
    "leaves a replica in the list of the primary that it followed before",
    "chaos",
    1,
    (world) =>
      each(world, ({ state }) => {
        state.setPrimary = (node, primary) => {
          node.primary = primary;
          primary?.replicas.push(node);
        };
      }),
  ],
  [
    /^agreement.*share epoch/,
    "keeps an epoch that another has as well",
    "chaos",
    1,
    (world) => {
      world.tamper = ({ state }, input) => {
        // Whoever speaks has the higher name, so that we never give way.
        if (input.kind === "message" && input.message.sender.configEpoch === state.myself.configEpoch) {
          const { sender } = input.message;
          if (state.myself.isPrimary && sender.id > state.myself.id) Object.assign(sender, { configEpoch: 0 });
        }
      };
    },
  ],
];

function each(world: ClusterWorld, act: (member: Member) => void): void {
  const seen = new Set<unknown>();
  world.tamper = (member) => {
    if (!seen.has(member.machine)) act(member);
    seen.add(member.machine);
  };
}

describe("the rules bite: a machine that", () => {
  for (const [rule, what, plan, first, breakIt] of MUTATIONS) {
    test(what, (t) => {
      const found: string[] = [];
      for (let seed = first; seed < first + 25; seed++) {
        const { violations }: ClusterVerdict = runCluster(seed, { plan, primaries: 3, replicas: 2, prepare: breakIt });
        found.push(...violations);
        if (!violations.some((one) => rule.test(one))) continue;
        t.diagnostic(`seed ${seed}`);
        return;
      }
      assert.fail(`was not caught by ${rule}: ${found.slice(0, 5).join("; ")}`);
    });
  }
});

test("sixty nodes: what they send, how soon they know, how soon a primary is replaced", () => {
  const figures = measure({ seed: 1, nodes: 60, nodeTimeoutMs: 3000, warmUpMs: 3000, watchMs: 2000 }, () => 0);
  assert.ok(figures.newNode < 2000, `a new node is known after ${figures.newNode} ms`);
  assert.ok(figures.kill.known >= 0 && figures.kill.known < 1500, JSON.stringify(figures.kill));
  assert.ok(figures.stop.known >= 3000 && figures.stop.known < 5500, JSON.stringify(figures.stop));
  assert.ok(figures.healing >= 0 && figures.messagesASecond < 200, JSON.stringify(figures));
});
