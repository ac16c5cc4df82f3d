/** The two machines of an atomic migration, alone and against each other over a net that loses, delays and stops. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ExportEffect,
  type ExportInput,
  ExportMachine,
  type Standing,
} from "../../src/cluster/slot-migration/export.ts";
import { type ImportEffect, type ImportInput, ImportMachine } from "../../src/cluster/slot-migration/import.ts";
import { formatSlots, parseSlots } from "../../src/cluster/slot-migration/slot-ranges.ts";
import { TIMES } from "../../src/cluster/slot-migration/times.ts";
import { SeededRandom } from "../../src/io/random.ts";

class Source {
  standing: Standing = "ours";
  lag = 0;
  ok = true;
  majority = true;
  readonly machine = new ExportMachine(
    {
      standing: () => this.standing,
      lagBytes: () => this.lag,
      highestEpoch: () => 7,
      clusterOk: () => this.ok,
      majoritySince: () => this.majority,
    },
    TIMES,
    0,
  );
  now = 0;

  step(input: ExportInput, now = this.now): string[] {
    this.now = now;
    return this.machine.step(input, now).map(describeEffect);
  }

  /** Until the slots are given. */
  toSwitch(): void {
    this.step({ kind: "agreed" }, 10);
    this.step({ kind: "copied" }, 20);
    assert.deepEqual(this.step({ kind: "ready", attempt: 1, epoch: 3 }, 30), ["hold all", "give 8"]);
  }
}

function describeEffect(effect: ExportEffect): string {
  if (effect.kind === "hold") return `hold ${effect.what}`;
  if (effect.kind === "give" || effect.kind === "handOver") return `${effect.kind} ${effect.epoch}`;
  return effect.kind === "end" ? effect.state : effect.kind;
}

describe("the source", () => {
  test("copies, holds writes when little is left, gives the slots and hands over", () => {
    const source = new Source();
    assert.deepEqual(source.step({ kind: "agreed" }, 10), ["begun", "copy"]);
    source.lag = TIMES.smallBytes + 1;
    assert.deepEqual(source.step({ kind: "copied" }, 20), []);
    assert.deepEqual(source.step({ kind: "tick" }, 40), []);
    source.lag = TIMES.smallBytes;
    assert.deepEqual(source.step({ kind: "tick" }, 60), ["hold write", "askReady"]);
    assert.deepEqual(source.step({ kind: "ready", attempt: 1, epoch: 12 }, 70), ["hold all", "give 13"]);
    assert.deepEqual(source.step({ kind: "taken" }, 75), ["handOver 13", "release", "success"]);
    assert.equal(source.machine.pausedMs, 15);
  });

  test("where much is written, holds writes though more is under way", () => {
    const source = new Source();
    source.step({ kind: "agreed" }, 0);
    source.lag = TIMES.smallBytes * 3;
    source.step({ kind: "copied" }, 10);
    let now = 10;
    for (; now < 60_000; now += 100) {
      source.step({ kind: "heard" }, now);
      if (source.step({ kind: "tick" }, now).includes("hold write")) break;
    }
    assert.ok(now >= TIMES.doubling * 2 && now < TIMES.doubling * 3, `${now}`);
  });

  test("lets writes go on when the target does not catch up, and tries again; an old answer does not count", () => {
    const source = new Source();
    source.step({ kind: "agreed" }, 0);
    assert.deepEqual(source.step({ kind: "copied" }, 10), ["hold write", "askReady"]);
    assert.deepEqual(source.step({ kind: "tick" }, 10 + TIMES.pause + 1), ["release"]);
    assert.deepEqual(source.step({ kind: "ready", attempt: 1, epoch: 0 }, 2020), []);
    const again = 10 + TIMES.pause + TIMES.rest + 1;
    assert.deepEqual(source.step({ kind: "tick" }, again), ["hold write", "askReady"]);
    assert.deepEqual(source.step({ kind: "ready", attempt: 1, epoch: 0 }, again + 1), []);
    assert.deepEqual(source.step({ kind: "ready", attempt: 2, epoch: 0 }, again + 2), ["hold all", "give 8"]);
  });

  test("gives up after some attempts", () => {
    const source = new Source();
    source.step({ kind: "agreed" }, 0);
    let effects = source.step({ kind: "copied" }, 0);
    let holds = 0;
    for (let now = 0; !source.machine.isOver && now < 120_000; now += 100) {
      source.step({ kind: "heard" }, now);
      effects = source.step({ kind: "tick" }, now);
      if (effects.includes("hold write")) holds++;
    }
    assert.deepEqual(effects, ["release", "failed"]);
    assert.equal(holds, TIMES.attempts - 1);
  });

  test("fails, with writes going on, for everything that happens before it gave the slots", () => {
    const troubles: ExportInput[] = [
      { kind: "lost", why: "reset", refused: false },
      { kind: "broken", why: "flushed" },
      { kind: "notTaken", why: "no" },
    ];
    for (const trouble of troubles) {
      const source = new Source();
      source.step({ kind: "agreed" }, 0);
      source.step({ kind: "copied" }, 10);
      assert.deepEqual(source.step(trouble, 20), ["release", "failed"]);
      assert.deepEqual(source.step({ kind: "tick" }, 30), []);
    }
  });

  test("can be cancelled until it gave the slots", () => {
    const source = new Source();
    source.step({ kind: "agreed" }, 0);
    source.step({ kind: "copied" }, 10);
    assert.deepEqual(source.step({ kind: "cancel" }), ["release", "cancelled"]);
    const late = new Source();
    late.toSwitch();
    assert.deepEqual(late.step({ kind: "cancel" }), []);
    assert.deepEqual(late.step({ kind: "taken" }), ["handOver 8", "release", "success"]);
  });

  test("asks on another connection when the first breaks at the switch", () => {
    const source = new Source();
    source.toSwitch();
    assert.deepEqual(source.step({ kind: "lost", why: "reset", refused: false }, 40), ["lookAround", "askTaken"]);
    assert.deepEqual(source.step({ kind: "notTaken", why: "no" }, 50), ["release", "failed"]);
    const taken = new Source();
    taken.toSwitch();
    taken.step({ kind: "lost", why: "reset", refused: false }, 40);
    assert.deepEqual(taken.step({ kind: "taken" }, 50), ["handOver 8", "release", "success"]);
  });

  test("keeps the slots at once, under a higher epoch, when the target's process is gone", () => {
    const source = new Source();
    source.toSwitch();
    source.majority = false;
    source.step({ kind: "lost", why: "reset", refused: false }, 40);
    source.step({ kind: "lost", why: "refused", refused: true }, 45);
    assert.deepEqual(source.step({ kind: "tick" }, 100), []);
    assert.deepEqual(source.step({ kind: "tick" }, 45 + TIMES.grace + 1), ["fence", "release", "failed"]);
  });

  test("believes what the bus says of the slots, whatever became of the connection", () => {
    const source = new Source();
    source.toSwitch();
    source.step({ kind: "lost", why: "reset", refused: true }, 40);
    source.standing = "theirs";
    assert.deepEqual(source.step({ kind: "slotsChanged" }, 50), ["release", "success"]);
  });

  test("of a target that is silent at the switch keeps the slots once the lease is over and a majority knows nothing of it", () => {
    const source = new Source();
    source.toSwitch();
    source.majority = false;
    const until = 30 + TIMES.lease + TIMES.margin;
    for (let now = 40; now <= until; now += 20) assert.ok(!source.step({ kind: "tick" }, now).includes("fence"));
    assert.deepEqual(source.step({ kind: "tick" }, until + 1), ["lookAround"]);
    assert.deepEqual(source.step({ kind: "tick" }, until + 2 + TIMES.grace), []);
    source.majority = true;
    assert.deepEqual(source.step({ kind: "tick" }, until + 3 + TIMES.grace), ["fence", "release", "failed"]);
  });

  test("cut off from the majority it never keeps them, but holds nobody once nothing is served anyway", () => {
    const source = new Source();
    source.toSwitch();
    source.majority = false;
    let now = 30 + TIMES.lease + TIMES.margin + 1;
    source.step({ kind: "tick" }, now);
    source.ok = false;
    assert.deepEqual(source.step({ kind: "tick" }, (now += TIMES.grace + 1)), ["release"]);
    for (let i = 0; i < 50; i++) assert.ok(!source.step({ kind: "tick" }, (now += 500)).includes("fence"));
    source.standing = "theirs";
    assert.deepEqual(source.step({ kind: "slotsChanged" }, now), ["success"]);
  });
});

describe("the target", () => {
  const facts = { standing: () => true, highestEpoch: () => 7 };
  const names = (effects: ImportEffect[]) => effects.map((e) => (e.kind === "end" ? e.state : e.kind));
  const target = () => new ImportMachine(facts, TIMES, 0);

  test("takes what it is given in time", () => {
    const machine = target();
    machine.step({ kind: "heard" }, 10);
    machine.step({ kind: "ready" }, 20);
    assert.deepEqual(names(machine.step({ kind: "given", epoch: 8 }, 20 + TIMES.lease)), ["take", "reveal", "success"]);
  });

  const refusals: [string, ImportInput[], ImportInput, number][] = [
    [
      "what comes too late: it was stopped meanwhile",
      [{ kind: "ready" }],
      { kind: "given", epoch: 8 },
      TIMES.lease + 1,
    ],
    ["an epoch that is not above all", [{ kind: "ready" }], { kind: "given", epoch: 7 }, 1],
    ["what is given before everything came", [{ kind: "ready" }, { kind: "received" }], { kind: "given", epoch: 8 }, 1],
  ];
  for (const [what, before, input, later] of refusals)
    test(`refuses ${what}`, () => {
      const machine = target();
      for (const one of before) machine.step(one, 0);
      assert.deepEqual(names(machine.step(input, later)), ["discard", "failed"]);
    });

  test("discards what came when the source is gone, silent, or an operator wants it", () => {
    for (const input of [{ kind: "lost" }, { kind: "broken", why: "full" }] as ImportInput[]) {
      assert.deepEqual(names(target().step(input, 1)), ["discard", "failed"]);
    }
    assert.deepEqual(names(target().step({ kind: "cancel" }, 1)), ["discard", "cancelled"]);
    assert.deepEqual(names(target().step({ kind: "tick" }, TIMES.silence + 1)), ["discard", "failed"]);
  });
});

/**
 * The switch over a bad net: the target may stop for a while, its connection may break, messages are late. In the end exactly one of
 * the two has the slots for good, and nobody served them while the other did: the later claim has the higher epoch, and who claims
 * them first has served nothing since.
 */
for (let seed = 1; seed <= 300; seed++)
  test(`at no time two serve the slots (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const source = new Source();
    source.toSwitch();
    source.majority = random.float() < 0.7;
    const target = new ImportMachine({ standing: () => true, highestEpoch: () => 7 }, TIMES, 0);
    target.step({ kind: "ready" }, 28);
    // When the source's word arrives, and when the answer does, if ever; when the bus brings the news, if it does.
    const arrives = 30 + random.float() * (random.float() < 0.5 ? 50 : 3000);
    const answers = random.float() < 0.5 ? arrives + random.float() * 500 : Number.POSITIVE_INFINITY;
    const told = source.majority || random.float() < 0.3 ? arrives + random.float() * 100 : Number.POSITIVE_INFINITY;
    const breaks = random.float() < 0.4 ? 30 + random.float() * 3000 : Number.POSITIVE_INFINITY;
    let takenAt = 0;
    let fencedAt = 0;
    let refused = false;
    let broken = false;
    for (let now = 31; now < 8000 && !source.machine.isOver; now++) {
      const effects: string[] = [];
      if (takenAt === 0 && !target.isOver && now >= arrives) {
        if (target.step({ kind: "given", epoch: 8 }, now)[0]?.kind === "take") takenAt = now;
        else refused = true;
      }
      if (now >= breaks && !broken) {
        broken = true;
        effects.push(...source.step({ kind: "lost", why: "reset", refused: false }, now));
      } else if (now >= answers && !broken && (takenAt > 0 || refused)) {
        effects.push(...source.step(takenAt > 0 ? { kind: "taken" } : { kind: "notTaken", why: "late" }, now));
      }
      if (takenAt > 0 && now >= told) {
        source.standing = "theirs";
        effects.push(...source.step({ kind: "slotsChanged" }, now));
      }
      if (now % 20 === 0) effects.push(...source.step({ kind: "tick" }, now));
      if (effects.includes("fence")) fencedAt = now;
      if (effects.includes("askTaken") && takenAt === 0 && now < arrives && random.float() < 0.3) {
        target.step({ kind: "lost" }, now);
        source.step({ kind: "notTaken", why: "asked" }, now);
      }
    }
    // Kept by the source: then the target never took them before, and cannot any more.
    if (fencedAt > 0) assert.equal(takenAt, 0, `taken at ${takenAt}, kept at ${fencedAt}`);
    const { state } = source.machine;
    if (state === "failed") assert.equal(takenAt, 0);
    if (state === "success") assert.ok(takenAt > 0);
    assert.notEqual(target.step({ kind: "given", epoch: 8 }, 20_000)[0]?.kind, "take");
  });

test("slots as text", () => {
  assert.equal(formatSlots([5, 1, 2, 3, 9]), "1-3 5-5 9-9");
  assert.deepEqual(parseSlots(["1-3", "5", "9-9"]), [1, 2, 3, 5, 9]);
  for (const bad of [["3-1"], ["1-3", "2"], ["16384"], ["-1"], ["a"], [], ["1-"]]) assert.equal(parseSlots(bad), null);
});
