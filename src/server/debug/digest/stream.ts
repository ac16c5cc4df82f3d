/** Streams in a digest: every entry in order, its ID and then fields and values; groups do not count. */
import { StreamId } from "../../../engine/stream/id.ts";
import { Stream } from "../../../engine/stream/stream.ts";
import { EntryText } from "../../../memory/listpack-entry.ts";
import type { DigestRow } from "./rows.ts";

export const digestStream: DigestRow = (sum, { root }, store) => {
  const field = new EntryText();
  const value = new EntryText();
  const cursor = new Stream(store).position(root).range(new StreamId(), new StreamId().setMax());
  while (cursor.next()) {
    sum.mixText(cursor.id.toString().replace("-", "."));
    for (let left = cursor.fields; left > 0; left--) {
      cursor.nextField(field, value);
      sum.mixSlice(field).mixSlice(value);
    }
  }
};
