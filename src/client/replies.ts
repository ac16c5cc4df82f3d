/** Takes apart the replies that monitoring lives on, in whichever protocol they came. */
import type { Reply } from "../resp/reply-reader.ts";

/** The fields of INFO, `name:value` a line. */
export function infoFields(reply: Reply): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of String(reply).split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** `a=1,b=2`, as INFO writes the lines of replicas and of databases. */
export function commaFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    if (equals > 0) fields.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return fields;
}

/** Names and values: a map of RESP3, or RESP2's flat array. */
export function namedFields(reply: Reply): Map<string, Reply> {
  const fields = new Map<string, Reply>();
  if (reply instanceof Map) {
    for (const [name, value] of reply) fields.set(String(name), value);
  } else if (Array.isArray(reply)) {
    for (let i = 0; i + 1 < reply.length; i += 2) fields.set(String(reply[i]), reply[i + 1]!);
  }
  return fields;
}
