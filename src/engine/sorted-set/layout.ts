/**
 * How a sorted set lies in memory. Its root is a block of seven words that never moves:
 *
 *   word 0     the encoding
 *   packed     word 1 the listpack: member, score, member, score, ... in order
 *   table      words 1 to 3 the header of the table, which finds members; words 4 to 6 that of the index, which orders them
 *
 * An element of the table stands in the index too: word 0 next, 1 hash, 2 length of the member, 3 and 4 the score, then the
 * member's bytes.
 */
export const Encoding = { packed: 0, table: 1 } as const;

/** By encoding: the words of OBJECT ENCODING. */
export const ENCODING_NAMES: readonly string[] = ["listpack", "skiplist"];

export const ROOT_BYTES = 28;
/** Words of the root. */
export const LISTPACK = 1;
export const TABLE_HEADER = 1;
export const INDEX_HEADER = 4;

/** Words of an element. */
export const MEMBER_LENGTH = 2;
export const SCORE = 3;
export const MEMBER = 5;
