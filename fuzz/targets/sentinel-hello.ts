/** Hellos of Sentinels that lie: about addresses, epochs, and who they are. */
import { splitWords } from "../../src/base/words.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { configLines, loadConfig } from "../../src/sentinel/config.ts";
import { Sentinel } from "../../src/sentinel/machine.ts";
import { NUMBERS } from "../mutate.ts";
import { Broken, type TargetRow } from "../target.ts";

const id = (digit: string) => digit.repeat(40);
const LINES = [
  `sentinel myid ${id("0")}`,
  "sentinel monitor mymaster 10.0.0.1 6379 2",
  "sentinel monitor other 10.0.0.2 6379 2",
  `sentinel known-sentinel mymaster 10.0.0.9 26379 ${id("1")}`,
];
const HOSTS = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "::1", "host.example", "", "256.1.1.1", "x".repeat(300), "a b"];
const IDS = [id("0"), id("1"), id("2"), "short", "", id("3"), "x y", "\n"];
const NAMES = ["mymaster", "other", "unknown", "", "a b", "__proto__"];
/** What one hello may have the Sentinel do. */
const MAX_EFFECTS = 200;

export const sentinelHello: TargetRow = {
  about: "hellos of Sentinels",
  corpus: () => [Buffer.from(`10.0.0.9,26379,${id("1")},5,mymaster,10.0.0.1,6379,5`)],
  start: () => {
    let machine = boot();
    let now = 1000;
    let steps = 0;
    function boot(): Sentinel {
      const made = new Sentinel(new SeededRandom(1));
      made.state.now = 1000;
      const lines = LINES.map((text, i) => ({ number: i + 1, text, words: splitWords(text)! }));
      loadConfig(made.state, lines, { isExecutable: () => true });
      made.step({ kind: "start", port: 26379 }, 1000);
      return made;
    }
    return {
      make(random) {
        const pick = <Item>(items: readonly Item[]) => items[random.uint32() % items.length]!;
        const number = () => pick([pick(NUMBERS), String(random.uint32() % 100_000), String(random.uint32() % 10)]);
        const runid = () => pick([pick(IDS), Buffer.from(random.bytes(20)).toString("hex")]);
        const words = [pick(HOSTS), number(), runid(), number(), pick(NAMES), pick(HOSTS), number(), number()];
        if (random.uint32() % 10 === 0) words.splice(random.uint32() % 8, 1);
        return Buffer.from(words.join(pick([",", ",", ",", ",,", " "])), "latin1");
      },
      run(input) {
        // Each life of the Sentinel hears some thousands of them.
        if (steps++ % 5000 === 0) {
          machine = boot();
          now = 1000;
        }
        now += 1;
        const text = input.toString("latin1");
        const before = configLines(machine.state).join("\n");
        const effects = machine.step({ kind: "hello", text }, now);
        if (effects.length > MAX_EFFECTS) throw new Broken(`one hello has ${effects.length} effects`);
        if (effects.some(({ kind }) => kind === "exit")) throw new Broken("it wants to end its process");
        if (machine.state.masters.size !== 2) throw new Broken(`it watches ${machine.state.masters.size} masters`);
        if (steps % 50 === 0) machine.step({ kind: "tick" }, (now += 100));
        const changed = before !== configLines(machine.state).join("\n");
        return changed || effects.length > 0 ? "taken" : "refused";
      },
      check() {
        const written = configLines(machine.state);
        if (written.length > 5_500) throw new Broken(`the file has ${written.length} lines`);
        const again = new Sentinel(new SeededRandom(1));
        const lines = written.map((text, i) => ({ number: i + 1, text, words: splitWords(text)! }));
        loadConfig(again.state, lines, { isExecutable: () => true });
      },
    };
  },
};
