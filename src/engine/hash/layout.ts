/**
 * How a hash lies in memory. Its root is a block of four words that never moves:
 *
 *   word 0   the encoding
 *   packed   word 1 the listpack; with expiries of fields, word 2 the expiry block
 *   table    words 1 to 3 the header of the table; with expiries of fields, word 1 the expiry block, which has it then
 *
 * The expiry block is there as soon as a field has had an expiry:
 *
 *   word 0   the hash of the key, by which the active expiry finds it
 *   1 2      when the keyspace looks at this hash next, unix ms (low, high); 0 for never
 *   3 4 5    table only: the header of the table
 *   6 7 8    table only: the header of the index of the fields that expire, soonest first
 */
export const Encoding = { packed: 0, table: 1, packedExpiring: 2, tableExpiring: 3 } as const;

/** By encoding: the words of OBJECT ENCODING. */
export const ENCODING_NAMES: readonly string[] = ["listpack", "hashtable", "listpackex", "hashtable"];

/** The bit of the encodings of those whose fields may expire, and that of tables. */
export const EXPIRING = 2;
export const TABLE = 1;

export const ROOT_BYTES = 16;
/** Words of the root. */
export const ENCODING_WORD = 0;
export const LISTPACK = 1;
export const TABLE_HEADER = 1;

/** Words of the expiry block. */
export const KEY_HASH = 0;
export const NEXT_LOW = 1;
export const NEXT_HIGH = 2;
export const EXPIRING_TABLE_HEADER = 3;
export const INDEX_HEADER = 6;
export const PACKED_EXPIRY_BYTES = 12;
export const TABLE_EXPIRY_BYTES = 36;

/** The root's word that names the expiry block. */
export function expiryBlockWord(encoding: number): number {
  return encoding === Encoding.packedExpiring ? 2 : 1;
}

/** Times take two words, the lower first. */
export function readTime(low: number, high: number): number {
  return high * 0x100000000 + (low >>> 0);
}

export function timeHigh(ms: number): number {
  return Math.floor(ms / 0x100000000);
}

/** Where what a hash shows of itself goes: a reply. */
export interface BulkSink {
  bulkBytes(bytes: Uint8Array, start: number, end: number): void;
}
