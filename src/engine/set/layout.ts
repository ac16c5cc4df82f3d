/**
 * How a set lies in memory. Its root is a block of four words that never moves:
 *
 *   word 0   how the members lie: an Encoding
 *        1   the ref of the intset or the listpack, or words 1 to 3 the header of the table
 */
export const Encoding = { intset: 0, listpack: 1, table: 2 } as const;

/** By number: the words of OBJECT ENCODING. */
export const ENCODING_NAMES: readonly string[] = ["intset", "listpack", "hashtable"];

export const ROOT_BYTES = 16;
/** Words of the root. */
export const ENCODING = 0;
export const PACKED = 1;
export const TABLE = 1;
