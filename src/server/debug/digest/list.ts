/** A list in a digest: its elements, in their order. */
import type { DigestRow } from "./rows.ts";

export const digestList: DigestRow = (sum, value, store) => {
  const elements = store.lists.another().position(value.root);
  for (let more = elements.seek(0); more; more = elements.forward()) sum.mixSlice(elements.text());
};
