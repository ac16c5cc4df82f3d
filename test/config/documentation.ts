/** The tables of docs/configuration.md, made of the directive table. */
import { topics } from "../../src/config/directives.ts";
import type { Directive } from "../../src/config/kinds.ts";

type Row = [name: string, row: Directive<unknown>];

const rowsOf = (topic: object): Row[] => Object.entries(topic) as Row[];
const cell = (text: string) => text.replaceAll("|", "\\|");

/** A value of each type that those who refuse some would refuse. */
const SAMPLES: Record<string, unknown> = { boolean: true, number: 1, string: "other" };

function note({ traits, default: fallback }: Directive<unknown>): string {
  const refusal = traits.refuse?.(SAMPLES[typeof fallback]);
  if (refusal !== undefined) return `other values are refused: ${refusal}`;
  if (traits.inert !== undefined) return `without effect: ${traits.inert}`;
  if (traits.awaits !== undefined) return `kept, for what is not built yet: ${traits.awaits}`;
  if (traits.ours !== undefined) return `ours: ${traits.ours}`;
  return "";
}

function how({ traits }: Directive<unknown>): string {
  const words = [traits.immutable ? "start" : "any time"];
  if (traits.protected) words.push("protected");
  if (traits.hidden) words.push("hidden");
  return words.join(", ");
}

function line([name, row]: Row): string {
  const names = [name, ...(row.traits.aliases ?? [])].map((each) => `\`${each}\``).join(", ");
  const shown = name === "dir" ? "where it was started" : `\`${row.text(row.default) || '""'}\``;
  return `| ${[names, shown, row.values, how(row), note(row)].map(cell).join(" | ")} |`;
}

export function directiveTables(): string {
  const sections = Object.entries(topics).map(([topic, rows]) =>
    [
      `### ${topic}`,
      "",
      "| directive | default | values | set | |",
      "| --- | --- | --- | --- | --- |",
      ...rowsOf(rows).map(line),
    ].join("\n"),
  );
  return `${sections.join("\n\n")}\n`;
}
