/** Replies about streams name times: what they are like without. */
import { show, type Tree } from "./reply.ts";

/** Named times, and how Redis' radix tree is built. */
const CLOCKED = new Set(["idle", "inactive", "seen-time", "active-time", "radix-tree-keys", "radix-tree-nodes"]);
/** New in 7.2. */
const NEWER = new Set(["inactive", "active-time"]);

/** As `show`, without what a clock said: times since a delivery, and of a delivery, are a few ms apart. */
export function comparable(tree: Tree): string {
  return show(masked(tree));
}

function masked(tree: Tree): Tree {
  const items: Tree[] = [];
  for (let i = 0; i < tree.items.length; i++) {
    const item = tree.items[i]!;
    if (item.type === "$" && NEWER.has(item.text)) i++;
    else if (item.type === "$" && CLOCKED.has(item.text)) items.push(item, { ...tree.items[++i]!, text: "clock" });
    else if (item.type === ":" && isClock(tree, i)) items.push({ ...item, text: "clock" });
    else items.push(masked(item));
  }
  return { type: tree.type, text: tree.text, items };
}

/** `[id, consumer, idle, deliveries]` of XPENDING and XINFO FULL, `[id, time, deliveries]` of a consumer in it. */
function isClock({ items }: Tree, at: number): boolean {
  const types = items.map(({ type }) => type).join("");
  return (types === "$$::" && at === 2) || (types === "$::" && at === 1);
}
