/** A reply as a tree, for those that may differ in a way that the bytes do not show. */

export interface Tree {
  /** The first byte on the wire. */
  readonly type: string;
  /** What stood behind it, or a string's bytes; for an aggregate, its count. */
  readonly text: string;
  readonly items: readonly Tree[];
}

const NONE: readonly Tree[] = [];

export function parseReply(bytes: Buffer): Tree {
  let at = 0;
  const parse = (): Tree => {
    const lineEnd = bytes.indexOf("\r\n", at);
    const type = String.fromCharCode(bytes[at]!);
    const line = bytes.toString("latin1", at + 1, lineEnd);
    at = lineEnd + 2;
    if ("$=!".includes(type)) {
      const length = Number(line);
      if (length < 0) return { type: "nil", text: line, items: NONE };
      at += length + 2;
      return { type, text: bytes.toString("latin1", at - length - 2, at - 2), items: NONE };
    }
    if ("*~>%".includes(type)) {
      const count = Number(line) * (type === "%" ? 2 : 1);
      if (count < 0) return { type: "nilarray", text: line, items: NONE };
      const items: Tree[] = [];
      for (let i = 0; i < count; i++) items.push(parse());
      return { type, text: line, items };
    }
    return { type, text: line, items: NONE };
  };
  return parse();
}

export function isError(tree: Tree): boolean {
  return tree.type === "-" || tree.type === "!";
}

/** One line of text, the same for the same tree. */
export function show(tree: Tree): string {
  switch (tree.type) {
    case "*":
    case "~":
    case ">":
    case "%":
      return `${tree.type}[${tree.items.map(show).join(", ")}]`;
    case "$":
      return JSON.stringify(tree.text);
    default:
      return tree.type + tree.text;
  }
}

/** Its types and counts, whatever stands in it. */
export function shape(tree: Tree): string {
  if ("*~>%".includes(tree.type)) return `${tree.type}[${tree.items.map(shape).join(",")}]`;
  return isError(tree) ? show(tree) : tree.type;
}
