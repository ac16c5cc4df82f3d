/** Takes a node into a cluster, and lets one go. */

import { waitUntil } from "./clock.ts";
import { follow, introduce, type NewNode } from "./create.ts";
import { addressOf } from "./health.ts";
import { type Links, NodeError } from "./links.ts";
import {
  addressInside,
  isMember,
  type Member,
  primariesOf,
  replicasOf,
  type Silent,
  type Survey,
  surveyCluster,
} from "./survey.ts";

const KNOWN_WITHIN_MS = 30_000;

/** The primary with the fewest replicas; of several one that stands on another host than the new node. */
export function neediestPrimary(survey: Survey, node: { host: string }): Member | undefined {
  const serving = primariesOf(survey).filter((primary) => primary.slots.length > 0);
  const rank = (primary: Member) => replicasOf(survey, primary.id).length * 2 + (primary.host === node.host ? 1 : 0);
  return serving.sort((a, b) => rank(a) - rank(b))[0];
}

/**
 * Acquaints the node with the cluster, gives it the functions that the others have, and, if it is to be a replica, has it
 * follow.
 */
export async function addNode(
  links: Links,
  survey: Survey,
  node: NewNode,
  primary: Member | undefined,
  tell: (text: string) => void,
): Promise<void> {
  const [first] = primariesOf(survey) as [Member];
  // A replica gets them from its primary; a primary has them only if it is told.
  if (primary === undefined) await copyFunctions(links, first, node, tell);
  tell("acquainting it with the cluster");
  await introduce(links, node, addressInside(survey, first));
  const known = await waitUntil(links.io.clock, KNOWN_WITHIN_MS, async () => {
    const now = await surveyCluster(links, first);
    return (
      now.members.some((member) => member.id === node.id) && now.members.every((member) => member.known.has(node.id))
    );
  });
  if (!known) {
    const hint = "can the nodes reach its bus port (port + 10000)?";
    throw new Error(`not all nodes know ${node.name} after ${KNOWN_WITHIN_MS / 1000} s: ${hint}`);
  }
  if (primary === undefined) return;
  tell(`having it follow ${addressOf(primary)}`);
  await follow(links, node, primary.id);
}

async function copyFunctions(links: Links, from: Member, to: NewNode, tell: (text: string) => void): Promise<void> {
  // A server without functions has none to give.
  const list = await links.ask(from, "FUNCTION", "LIST").catch(unlessUnknown);
  if (!Array.isArray(list) || list.length === 0) return;
  const dump = (await links.ask(from, "FUNCTION", "DUMP")) as Buffer;
  const taken = await links.ask(to, "FUNCTION", "RESTORE", dump).catch(unlessUnknown);
  if (taken === undefined) tell(`${to.name} knows no functions, and will not have those of the others`);
  else tell("the functions of the others were copied");
}

/** Undefined if the server does not know the command. */
function unlessUnknown(error: unknown): undefined {
  if (error instanceof NodeError && error.refused && /unknown command/i.test(error.message)) return undefined;
  throw error;
}

/**
 * Lets a node without slots go: its replicas follow others, all others forget it, and it forgets them.
 * @throws Error  if it has slots
 */
export async function removeNode(
  links: Links,
  survey: Survey,
  node: Member | Silent,
  tell: (text: string) => void,
): Promise<void> {
  if (node.slots.length > 0) throw new Error(`${addressOf(node)} has ${node.slots.length} slots`);
  // It would refuse to be reset when all others have forgotten it already.
  if (isMember(node) && node.isPrimary && node.keys > 0)
    throw new Error(
      `${addressOf(node)} has no slots, but ${node.keys} keys: "nines cluster fix" brings them to their owners`,
    );
  const rest: Survey = { ...survey, members: survey.members.filter((member) => member.id !== node.id) };
  for (const replica of replicasOf(rest, node.id)) {
    const primary = neediestPrimary(rest, replica);
    if (primary === undefined) throw new Error(`${addressOf(replica)} follows it, and no primary is left for it`);
    tell(`${addressOf(replica)} now follows ${addressOf(primary)}`);
    await follow(links, replica, primary.id);
  }
  tell(`${rest.members.length} nodes forget ${addressOf(node)}`);
  // All of them soon after each other: one that is late would tell the others of it again after a minute.
  const forgotten = await Promise.allSettled(
    rest.members.map((member) => links.ask(member, "CLUSTER", "FORGET", node.id)),
  );
  for (const result of forgotten) {
    if (result.status === "fulfilled") continue;
    if (!/unknown node/i.test((result.reason as Error).message)) throw result.reason;
  }
  if (!isMember(node)) return;
  tell(`${addressOf(node)} forgets them`);
  await links.ask(node, "CLUSTER", "RESET", "SOFT");
}
