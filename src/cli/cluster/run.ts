/** Carries out an order of `nines cluster`. */
import { check, fix } from "./check.ts";
import { add, create, remove } from "./nodes.ts";
import type { ClusterOrder } from "./program.ts";
import { runSession, type Session } from "./session.ts";
import { rebalance, reshard } from "./slots.ts";

export function runCluster(order: ClusterOrder): Promise<void> {
  return runSession(order.flags, (session) => perform(session, order));
}

function perform(session: Session, order: ClusterOrder): Promise<number> {
  switch (order.what) {
    case "create":
      return create(session, order.entries, order.flags);
    case "check":
      return check(session, order.entry);
    case "fix":
      return fix(session, order.entry, order.flags);
    case "reshard":
      return reshard(session, order.entry, order.flags);
    case "rebalance":
      return rebalance(session, order.entry, order.flags);
    case "add-node":
      return add(session, order.newcomer, order.entry, order.flags);
    case "del-node":
      return remove(session, order.entry, order.node, order.flags);
  }
}
