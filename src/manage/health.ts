/** What is wrong with a cluster, in words. Pure: a survey always gets the same findings. */
import { SLOTS } from "../base/hash-slot.ts";
import { countOf, describeSlots } from "./slots.ts";
import { type Member, primariesOf, replicasOf, type Survey } from "./survey.ts";

export interface Finding {
  readonly kind:
    | "silent"
    | "failing"
    | "down"
    | "unknown"
    | "contested"
    | "uncovered"
    | "open"
    | "disagreement"
    | "strays"
    | "epochs"
    | "bare"
    | "late"
    | "together";
  /** Whether the cluster is not sound while it is so; else it is worth knowing. */
  readonly isError: boolean;
  readonly text: string;
}

/** @param strays  of each primary the slots that are not its own and of which it has keys, with how many */
export function examine(survey: Survey, strays: ReadonlyMap<string, ReadonlyMap<number, number>>): Finding[] {
  return [
    ...silentNodes(survey),
    ...opinionsOfNodes(survey),
    ...slotFindings(survey),
    ...openSlots(survey),
    ...disagreements(survey),
    ...strayKeys(survey, strays),
    ...sameEpochs(survey),
    ...replicaFindings(survey),
  ];
}

export function isSound(findings: readonly Finding[]): boolean {
  return findings.every((finding) => !finding.isError);
}

export function nameOf(survey: Survey, id: string): string {
  const node = survey.members.find((member) => member.id === id) ?? survey.silent.find((other) => other.id === id);
  return node === undefined ? `${id.slice(0, 8)} (which nobody knows)` : addressOf(node);
}

export function addressOf({ host, port }: { host: string; port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Every slot with those that take it for their own; one that nobody takes is not named. */
export function claimsOf(survey: Survey): Map<number, Member[]> {
  const claims = new Map<number, Member[]>();
  for (const member of primariesOf(survey)) {
    for (const slot of member.slots) claims.set(slot, [...(claims.get(slot) ?? []), member]);
  }
  return claims;
}

export function uncoveredSlots(survey: Survey): number[] {
  const claims = claimsOf(survey);
  return Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => !claims.has(slot));
}

function error(kind: Finding["kind"], text: string): Finding {
  return { kind, isError: true, text };
}

function silentNodes(survey: Survey): Finding[] {
  return survey.silent.map((node) => {
    const what = node.isPrimary && node.slots.length > 0 ? `a primary of ${countOf(node.slots.length, "slot")}` : "";
    const part = what || (node.isPrimary ? "a primary without slots" : "a replica");
    return error("silent", `${addressOf(node)} (${part}) does not answer: ${node.why}`);
  });
}

/** Who is unknown to, or held for failing by, nodes that answer. */
function opinionsOfNodes(survey: Survey): Finding[] {
  const findings: Finding[] = [];
  for (const node of survey.members) {
    const strangers = survey.members.filter((other) => !other.known.has(node.id)).map(addressOf);
    if (strangers.length > 0) findings.push(error("unknown", `${addressOf(node)} is not known to ${list(strangers)}`));
    const doubters = survey.members.filter((other) => other.failing.has(node.id)).map(addressOf);
    if (doubters.length > 0)
      findings.push(error("failing", `${addressOf(node)} answers us, but is held for failing by ${list(doubters)}`));
    if (!node.serves) findings.push(error("down", `${addressOf(node)} takes the cluster for down, and serves no key`));
  }
  return findings;
}

function slotFindings(survey: Survey): Finding[] {
  const findings: Finding[] = [];
  const uncovered = uncoveredSlots(survey);
  if (uncovered.length > 0) {
    const text = `${countOf(uncovered.length, "slot")} without an owner that answers: ${describeSlots(uncovered)}`;
    findings.push(error("uncovered", text));
  }
  const contested = new Map<string, number[]>();
  for (const [slot, owners] of claimsOf(survey)) {
    if (owners.length < 2) continue;
    const names = owners.map(addressOf).sort().join(" and ");
    contested.set(names, [...(contested.get(names) ?? []), slot]);
  }
  for (const [names, slots] of contested) {
    findings.push(error("contested", `${countOf(slots.length, "slot")} claimed by ${names}: ${describeSlots(slots)}`));
  }
  return findings;
}

function openSlots(survey: Survey): Finding[] {
  const slots = new Map<number, string[]>();
  const note = (slot: number, text: string) => slots.set(slot, [...(slots.get(slot) ?? []), text]);
  for (const node of primariesOf(survey)) {
    for (const [slot, to] of node.migrating) note(slot, `${addressOf(node)} sends it to ${nameOf(survey, to)}`);
    for (const [slot, from] of node.importing) note(slot, `${addressOf(node)} takes it from ${nameOf(survey, from)}`);
  }
  return [...slots]
    .sort(([a], [b]) => a - b)
    .map(([slot, texts]) => error("open", `slot ${slot} is open: ${texts.join("; ")}`));
}

/** Nodes whose map is not the one that the owners' own words give. */
function disagreements(survey: Survey): Finding[] {
  const claims = claimsOf(survey);
  const findings: Finding[] = [];
  for (const node of survey.members) {
    const wrong: number[] = [];
    for (const [slot, owners] of claims) {
      if (owners.length === 1 && node.owners[slot] !== owners[0]!.id) wrong.push(slot);
    }
    if (wrong.length === 0) continue;
    const what = `${addressOf(node)} has another owner for ${countOf(wrong.length, "slot")} than the owners say`;
    findings.push(error("disagreement", `${what}: ${describeSlots(wrong)}`));
  }
  return findings;
}

function strayKeys(survey: Survey, strays: ReadonlyMap<string, ReadonlyMap<number, number>>): Finding[] {
  const findings: Finding[] = [];
  for (const [id, slots] of strays) {
    const node = survey.members.find((member) => member.id === id)!;
    // The keys of a slot that moves are in two places by right; it is told of as open.
    const wrong = [...slots].filter(([slot]) => !node.importing.has(slot));
    if (wrong.length === 0) continue;
    const keys = wrong.reduce((sum, [, count]) => sum + count, 0);
    const where = describeSlots(wrong.map(([slot]) => slot));
    findings.push(
      error("strays", `${addressOf(node)} holds ${countOf(keys, "key")} of slots that it does not own: ${where}`),
    );
  }
  return findings;
}

function sameEpochs(survey: Survey): Finding[] {
  const byEpoch = new Map<number, Member[]>();
  for (const node of primariesOf(survey)) {
    if (node.slots.length > 0) byEpoch.set(node.epoch, [...(byEpoch.get(node.epoch) ?? []), node]);
  }
  const shared = [...byEpoch].filter(([, nodes]) => nodes.length > 1);
  return shared.map(([epoch, nodes]) => {
    const text = `${list(nodes.map(addressOf))} have the same epoch, ${epoch}; they settle that among themselves`;
    return { kind: "epochs", isError: false, text };
  });
}

function replicaFindings(survey: Survey): Finding[] {
  const findings: Finding[] = [];
  const warn = (kind: Finding["kind"], text: string) => findings.push({ kind, isError: false, text });
  const serving = primariesOf(survey).filter((node) => node.slots.length > 0);
  const hosts = new Set(survey.members.map((member) => member.host));
  const anyReplica = survey.members.some((member) => !member.isPrimary);
  for (const primary of serving) {
    const replicas = replicasOf(survey, primary.id);
    // A cluster without any replica was made so.
    if (replicas.length === 0 && anyReplica) warn("bare", `${addressOf(primary)} has no replica`);
    if (hosts.size > 1 && replicas.length > 0 && replicas.every((replica) => replica.host === primary.host)) {
      warn("together", `${addressOf(primary)} and all its replicas stand on one host`);
    }
  }
  for (const node of survey.members) {
    if (node.isPrimary || node.inStep) continue;
    const whom = node.primaryId === null ? "its primary" : nameOf(survey, node.primaryId);
    warn("late", `${addressOf(node)} is not connected with ${whom}`);
  }
  return findings;
}

function list(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
