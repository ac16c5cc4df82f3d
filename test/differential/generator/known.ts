/** Where 7.0.15, which the tests have, answers otherwise than 7.2, which nines matches; each is counted in the result of a run. */
import { isError, show, type Tree } from "./reply.ts";

export interface KnownDifference {
  readonly why: string;
  is(name: string, words: readonly string[], ours: Tree, theirs: Tree): boolean;
}

export const known: readonly KnownDifference[] = [
  {
    why: "7.2 writes doubles with the fewest digits that tell them apart, 7.0 with seventeen",
    is: (name, _words, ours, theirs) => /^(B?Z|GEO|EXEC$)/.test(name) && inNumbers(ours) === inNumbers(theirs),
  },
  {
    why: "ZRANK and ZREVRANK know WITHSCORE since 7.2",
    is: (name, words, _ours, theirs) =>
      (/^Z(REV)?RANK$/.test(name) || (name === "COMMAND" && /^z(rev)?rank$/i.test(words[2] ?? ""))) &&
      isError(theirs) &&
      /number of arguments/.test(theirs.text),
  },
  {
    why: "XSETID goes back behind an entry that was deleted in 7.0 alone",
    is: (name, _words, ours) => name === "XSETID" && /smaller than current max_deleted_entry_id/.test(ours.text),
  },
  {
    why: "XADD of ms-* behind the last sequence of these milliseconds: 7.0 gives the error of another case",
    is: (name, _words, ours, theirs) =>
      name === "XADD" && /equal or smaller/.test(ours.text) && /too large to be stored/.test(theirs.text),
  },
  {
    why: "LPOS refuses the smallest rank of all since 7.2, which has no opposite",
    is: (name, words, ours) => name === "LPOS" && words.includes("-9223372036854775808") && isError(ours),
  },
  {
    why: "7.2 words the error of an XREAD with too few ids in another way",
    is: (_name, _words, ours, theirs) => /Unbalanced '/.test(ours.text) && /Unbalanced XREAD/.test(theirs.text),
  },
  {
    why: "7.2 says of a timeout that is too large that it is, 7.0 that it is negative",
    is: (_name, _words, ours, theirs) =>
      show(ours) === "-ERR timeout is out of range" && show(theirs) === "-ERR timeout is negative",
  },
  {
    why: "COMMAND GETKEYS of a count of keys that is no number: redis-server takes the digits that it begins with",
    is: (name, _words, ours, theirs) =>
      name === "COMMAND" && show(ours) === "-ERR Invalid arguments specified for command" && theirs.type === "*",
  },
  {
    why: "COMMAND GETKEYS without words behind the command: 7.2 lets it through to the command's own arity",
    is: (name, words, _ours, theirs) =>
      name === "COMMAND" &&
      words.length === 3 &&
      show(theirs).startsWith("-ERR wrong number of arguments for 'command|"),
  },
  {
    why: "OBJECT ENCODING: 7.2 chooses the encoding of a new set or sorted set by the number of words, doubles included",
    is: (name, _words, ours, theirs) =>
      name === "OBJECT" && ['"skiplist" "listpack"', '"hashtable" "intset"'].includes(`${show(ours)} ${show(theirs)}`),
  },
  {
    why: "OBJECT ENCODING: 7.2 packs small lists and sets into a listpack",
    is: (name, _words, ours, theirs) =>
      name === "OBJECT" && show(ours) === '"listpack"' && ['"quicklist"', '"hashtable"'].includes(show(theirs)),
  },
];

/** As `show`, but a fraction as the double that it stands for. */
function inNumbers(tree: Tree): string {
  if (tree.items.length > 0) return `${tree.type}[${tree.items.map(inNumbers).join(", ")}]`;
  return "$,".includes(tree.type) && /^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(tree.text) ? `${Number(tree.text)}` : show(tree);
}
