/** Clusters that things happen to: seeds keep all rules, and machines that break a rule on purpose are caught. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Member } from "../../sim/cluster/member.ts";
import { type ClusterVerdict, runCluster } from "../../sim/cluster/run.ts";
import { measure } from "../../sim/cluster/scale.ts";
import type { ClusterWorld } from "../../sim/cluster/world.ts";
import { seedRange } from "./seed-range.ts";

/** Seeds that found something once: what it was stands beside them. */
const REMEMBERED: readonly [seed: number, found: string][] = [
  [4, "a slot that was given away stayed with its giver, whose epoch had grown"],
  [25, "a PING that was lost was never asked again"],
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

/** What a machine does wrong on purpose, and which rule is to say so within some seeds from the given one on. */
const MUTATIONS: readonly [
  what: string,
  rule: RegExp,
  plan: "chaos" | "manual",
  first: number,
  breakIt: (world: ClusterWorld) => void,
][] = [
  [
    "votes as often as it is asked",
    /^(votes|one owner)/,
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
    "forgets its votes in a crash",
    /^(votes|one owner)/,
    "chaos",
    1,
    (world) => {
      world.forgetful = true;
    },
  ],
  [
    "needs no majority",
    /^(one owner|cause|agreement|votes)/,
    "chaos",
    1,
    (world) =>
      each(world, ({ state }) => {
        Object.defineProperty(state, "quorum", { get: () => 1 });
      }),
  ],
  [
    "takes over without an epoch of its own",
    /^(agreement|one owner|keys)/,
    "chaos",
    3,
    (world) => {
      world.tamper = ({ state }, input) => {
        if (input.kind === "message" && input.message.kind === "auth-ack") state.election.epoch = 1;
      };
    },
  ],
  [
    "does not wait for its primary's last offset",
    /^manual failover/,
    "manual",
    11,
    (world) => {
      world.tamper = ({ state }) => {
        if (state.myself.isReplica && state.manual.endsAt !== 0) state.manual.canStart = true;
      };
    },
  ],
  [
    "goes on writing while it is replaced",
    /^manual failover/,
    "manual",
    1,
    (world) => {
      world.tamper = (member) => {
        member.pausedUntil = 0;
      };
    },
  ],
  [
    "keeps an epoch that another has as well",
    /^agreement.*share epoch/,
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
  for (const [what, rule, plan, first, breakIt] of MUTATIONS) {
    test(what, () => {
      const found: string[] = [];
      for (let seed = first; seed < first + 25; seed++) {
        const { violations }: ClusterVerdict = runCluster(seed, { plan, primaries: 3, replicas: 2, prepare: breakIt });
        found.push(...violations);
        if (violations.some((one) => rule.test(one))) return;
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
