/** `nines cluster create`, `add-node` and `del-node`: who belongs to a cluster. */
import { checkNames, createCluster, readNewNode } from "../../manage/create.ts";
import { addressOf } from "../../manage/health.ts";
import { planLayout } from "../../manage/layout-plan.ts";
import type { Address } from "../../manage/links.ts";
import { lookAt } from "../../manage/look.ts";
import { addNode, neediestPrimary, removeNode } from "../../manage/membership.ts";
import { planDrain } from "../../manage/slot-plan.ts";
import {
  findNode,
  isMember,
  type Member,
  primariesOf,
  replicasOf,
  type Silent,
  type Survey,
} from "../../manage/survey.ts";
import { conclude } from "./check.ts";
import { type ClusterFlags, EXIT, Refusal, type Session } from "./session.ts";
import { carryOut, holdings, type MoveFlags, primaryNamed, soundLook } from "./slots.ts";
import { describeLayout } from "./text.ts";

export interface CreateFlags extends ClusterFlags {
  replicas: number;
}

export interface AddFlags extends ClusterFlags {
  replica?: boolean;
  of?: string;
}

export interface RemoveFlags extends MoveFlags {
  drain?: boolean;
}

export async function create(session: Session, entries: readonly string[], flags: CreateFlags): Promise<number> {
  const addresses = entries.map((entry) => session.address(entry));
  const names = addresses.map(addressOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Refusal(`${twice} is named twice`);
  const nodes = await Promise.all(addresses.map((address) => readNewNode(session.links, address)));
  checkNames(nodes);
  const layout = planLayout(nodes, flags.replicas);
  session.tell(`A cluster of ${layout.shards.length} primaries:`, ...describeLayout(layout));
  if (!(await session.confirm())) {
    if (flags.dryRun) session.json(layout);
    return flags.dryRun ? EXIT.done : EXIT.failed;
  }
  try {
    await createCluster(session.links, layout, (text) => session.tell(`${text} ...`));
  } catch (error) {
    session.tell(
      "",
      `The nodes are left half way: "CLUSTER RESET" at each of them makes it a node that knows nobody again.`,
    );
    throw error;
  }
  return conclude(session, addresses);
}

export async function add(session: Session, newcomer: string, entry: string, flags: AddFlags): Promise<number> {
  const address = session.address(entry);
  const { survey } = await soundLook(session, address);
  const node = await readNewNode(session.links, session.address(newcomer));
  const asReplica = flags.replica || flags.of !== undefined;
  const primary = asReplica ? chosenPrimary(survey, node, flags.of) : undefined;
  const what = primary ? `a replica of ${addressOf(primary)}` : "a primary without slots";
  session.tell(`${node.name} becomes ${what} in the cluster of ${survey.members.length} nodes.`);
  if (!(await session.confirm())) return flags.dryRun ? EXIT.done : EXIT.failed;
  await addNode(session.links, survey, node, primary, (text) => session.tell(`${text} ...`));
  if (!primary)
    session.tell(
      `"nines cluster rebalance ${addressOf(address)} --use-empty-masters" gives it its share of the slots.`,
    );
  return conclude(session, [address, ...survey.members]);
}

function chosenPrimary(survey: Survey, node: { host: string }, of: string | undefined): Member {
  if (of !== undefined) return primaryNamed(survey, of);
  const primary = neediestPrimary(survey, node);
  if (primary === undefined) throw new Refusal("no primary has slots, so there is nothing to be a replica of");
  return primary;
}

export async function remove(session: Session, entry: string, name: string, flags: RemoveFlags): Promise<number> {
  const address = session.address(entry);
  const look = await lookAt(session.links, address);
  const node = findNode(look.survey, name);
  if (node === undefined) throw new Refusal(`the cluster has no node '${name}': give its address, or its id`);
  // Asked at one that stays, or the end would be told by the one that has left.
  const stays = look.survey.members.find((member) => member.id !== node.id);
  if (stays === undefined) throw new Refusal(`${addressOf(node)} is the only node`);
  if (node.slots.length === 0) return letGo(session, stays, look.survey, node);
  if (!isMember(node)) {
    const hint = `"nines cluster fix ${addressOf(stays)} --with-unreachable-primaries" gives them to others, empty`;
    throw new Refusal(`${addressOf(node)} does not answer and has ${node.slots.length} slots: ${hint}`);
  }
  if (!flags.drain) {
    const hint = "--drain moves them to the others first";
    throw new Refusal(`${addressOf(node)} has ${node.slots.length} slots: ${hint}`);
  }
  return drain(session, stays, node, flags);
}

async function drain(session: Session, stays: Address, node: Member, flags: RemoveFlags): Promise<number> {
  const look = await soundLook(session, stays);
  const others = primariesOf(look.survey).filter((other) => other.id !== node.id && other.slots.length > 0);
  if (others.length === 0) throw new Refusal("no other primary has slots, so nobody could take them");
  const moves = planDrain(
    holdings(look.survey),
    node.id,
    others.map((other) => other.id),
  );
  session.tell(`${addressOf(node)} leaves the cluster when its slots have moved.`);
  return carryOut(session, stays, look, moves, flags, async (_, entries) => {
    const after = await lookAt(session.links, stays);
    const now = after.survey.members.find((member) => member.id === node.id);
    // What is left of its slots, and why, has been said.
    if (now === undefined || now.slots.length > 0) return conclude(session, entries);
    await removeNode(session.links, after.survey, now, (text) => session.tell(`${text} ...`));
    return conclude(session, [stays]);
  });
}

async function letGo(session: Session, stays: Address, survey: Survey, node: Member | Silent): Promise<number> {
  const followers = replicasOf(survey, node.id).length;
  const orphans = followers === 0 ? "" : `; its ${followers} replicas follow others`;
  session.tell(
    `${addressOf(node)} (${node.isPrimary ? "a primary without slots" : "a replica"}) leaves the cluster${orphans}.`,
  );
  if (!(await session.confirm())) return session.flags.dryRun ? EXIT.done : EXIT.failed;
  await removeNode(session.links, survey, node, (text) => session.tell(`${text} ...`));
  return conclude(session, [stays]);
}
