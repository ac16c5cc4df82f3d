/** Resident bytes an element of each type: a million in one value, and a million in small values of ten. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, RunningServer } from "./contender.ts";
import { Filler, fillCommands, VALUE_TYPES, type ValueType } from "./filling.ts";
import { median } from "./statistics.ts";
import { formatTable, ratio } from "./table.ts";

export interface ElementsRow {
  readonly type: ValueType;
  readonly perKey: number;
  /** By contender. */
  readonly bytesPerElement: Record<string, number>;
}

const ELEMENTS = 1_000_000;
const SMALL = 10;
const PLURALS: Readonly<Record<ValueType, string>> = {
  hash: "hashes",
  set: "sets",
  list: "lists",
  zset: "zsets",
  stream: "streams",
};

export async function measureElements(contenders: readonly Contender[], quick: boolean): Promise<ElementsRow[]> {
  const rows: ElementsRow[] = [];
  for (const perKey of [ELEMENTS, SMALL])
    for (const type of VALUE_TYPES) {
      const bytesPerElement: Record<string, number> = {};
      for (const contender of contenders) {
        const rounds: number[] = [];
        for (let round = 0; round < (quick ? 1 : 3); round++) rounds.push(await measure(contender, type, perKey));
        bytesPerElement[contender.name] = median(rounds);
      }
      rows.push({ type, perKey, bytesPerElement });
      process.stderr.write(".");
    }
  process.stderr.write("\n");
  return rows;
}

async function measure(contender: Contender, type: ValueType, perKey: number): Promise<number> {
  const server = await RunningServer.start(contender);
  try {
    await sleep(300);
    const before = server.residentBytes();
    const filler = await Filler.open(server.port);
    await filler.all(fillCommands(type, ELEMENTS, perKey));
    filler.close();
    await sleep(1000);
    return (server.residentBytes() - before) / ELEMENTS;
  } finally {
    await server.stop();
  }
}

export function elementsTable(rows: readonly ElementsRow[], contenders: readonly Contender[]): string {
  const [us, them] = contenders.map(({ name }) => name);
  return formatTable(
    ["resident bytes an element", us!, ...(them ? [them, "ratio"] : [])],
    rows.map(({ type, perKey, bytesPerElement: bytes }) => [
      perKey === SMALL ? `${PLURALS[type]} of ${SMALL}` : `one ${type} of ${perKey / 1e6} M`,
      bytes[us!]!.toFixed(1),
      ...(them ? [bytes[them]!.toFixed(1), mostly(bytes[us!]! / bytes[them]!)] : []),
    ]),
  );
}

/** Here less is better. */
function mostly(value: number): string {
  return `${ratio(value)} ${value <= 1 ? "ok" : "HIGH"} (goal 1)`;
}
