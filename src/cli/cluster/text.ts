/** A cluster in words: its nodes as a table, what is wrong, what is planned. Pure. */
import { SLOTS } from "../../base/hash-slot.ts";
import { addressOf, claimsOf, type Finding, isSound, nameOf } from "../../manage/health.ts";
import type { Layout } from "../../manage/layout-plan.ts";
import type { SlotMove } from "../../manage/slot-plan.ts";
import { countOf, describeSlots } from "../../manage/slots.ts";
import { type Member, primariesOf, replicasOf, type Survey } from "../../manage/survey.ts";
import { grouped, table } from "../status-text.ts";

export function describeCluster(survey: Survey): string[] {
  const primaries = primariesOf(survey);
  const rows: string[][] = [];
  const shown = new Set<string>();
  for (const primary of primaries) {
    const slots = primary.slots.length === 0 ? "" : describeSlots(primary.slots, 4);
    rows.push([
      addressOf(primary),
      primary.id.slice(0, 8),
      "primary",
      grouped(primary.slots.length),
      grouped(primary.keys),
      slots,
    ]);
    for (const replica of replicasOf(survey, primary.id)) {
      rows.push(replicaRow(survey, replica));
      shown.add(replica.id);
    }
  }
  for (const node of survey.members) {
    if (!node.isPrimary && !shown.has(node.id)) rows.push(replicaRow(survey, node));
  }
  for (const node of survey.silent)
    rows.push([addressOf(node), node.id.slice(0, 8), "silent", "", "", "does not answer"]);
  const keys = primaries.reduce((sum, node) => sum + node.keys, 0);
  const covered = `${grouped(claimsOf(survey).size)} of ${grouped(SLOTS)} slots`;
  const replicas = survey.members.length - primaries.length;
  return [
    `${countOf(primaries.length, "primary").replace("primarys", "primaries")}, ${countOf(replicas, "replica")}, ${covered}, ${grouped(keys)} keys`,
    "",
    ...table([["node", "id", "role", "slots", "keys", ""], ...rows], [false, false, false, true, true, false]),
  ];
}

function replicaRow(survey: Survey, node: Member): string[] {
  const whom = node.primaryId === null ? "nobody" : nameOf(survey, node.primaryId);
  const state = node.inStep ? `follows ${whom}` : `is not connected with ${whom}`;
  return [`  ${addressOf(node)}`, node.id.slice(0, 8), "replica", "", grouped(node.keys), state];
}

export function describeFindings(findings: readonly Finding[]): string[] {
  const lines = findings.map(({ isError, text }) => `${isError ? "wrong:  " : "notice: "} ${text}`);
  const verdict = isSound(findings)
    ? "The cluster is sound: every slot has one owner, no slot is open, and all nodes agree."
    : "The cluster is not sound.";
  return [...lines, verdict];
}

/** A survey and its findings for machines. */
export function clusterJson(survey: Survey, findings: readonly Finding[]): object {
  return {
    sound: isSound(findings),
    nodes: survey.members.map((node) => ({
      id: node.id,
      host: node.host,
      port: node.port,
      role: node.isPrimary ? "primary" : "replica",
      primary: node.primaryId,
      epoch: node.epoch,
      slots: describeSlots(node.slots, Number.POSITIVE_INFINITY),
      slotCount: node.slots.length,
      keys: node.keys,
      inStep: node.isPrimary ? undefined : node.inStep,
    })),
    silent: survey.silent.map(({ id, host, port, why }) => ({ id, host, port, why })),
    findings,
  };
}

/** Moves by their two ends: who gives what to whom. */
export function describeMoves(survey: Survey, moves: readonly SlotMove[]): string[] {
  const pairs = new Map<string, SlotMove[]>();
  for (const move of moves) {
    const pair = `${move.from} ${move.to}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), move]);
  }
  return [...pairs.values()].map((pair) => {
    const [from, to] = [nameOf(survey, pair[0]!.from), nameOf(survey, pair[0]!.to)];
    const slots = pair.map(({ slot }) => slot);
    return `  ${countOf(pair.length, "slot")} from ${from} to ${to}: ${describeSlots(slots, 4)}`;
  });
}

export function describeLayout({ shards, warnings }: Layout<{ name: string; host: string }>): string[] {
  const rows = shards.map(({ primary, slots, replicas }) => [
    `  ${primary.name}`,
    `slots ${slots[0]}-${slots[1]}`,
    replicas.length === 0 ? "no replica" : `replicas: ${replicas.map((replica) => replica.name).join(", ")}`,
  ]);
  return [...table(rows, [false, false, false]), ...warnings.map((warning) => `notice:  ${warning}`)];
}
