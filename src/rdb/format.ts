/** The numbers of the RDB format: see docs/rdb.md. */

/** What a file begins with; four digits of version follow. */
export const MAGIC = "REDIS";

/**
 * What we write unless asked otherwise: the oldest version that can say all we have to say, so that every Redis since
 * 7.0 and every Valkey can read it. Version 11 (Redis 7.2) only added types that we do not write.
 */
export const DEFAULT_VERSION: WrittenVersion = 10;
export type WrittenVersion = 10 | 11;
/** Redis 7.4 and 8 write 12; Valkey 7.2 and 8 write 11. */
export const MAX_VERSION = 12;
/** From this version on a checksum follows the end. */
export const CHECKSUM_SINCE_VERSION = 5;

/** What may stand where a value's type may stand. */
export const Opcode = {
  slotInfo: 244,
  function2: 245,
  functionPreGa: 246,
  moduleAux: 247,
  idle: 248,
  freq: 249,
  aux: 250,
  resizeDb: 251,
  expireTimeMs: 252,
  expireTime: 253,
  selectDb: 254,
  eof: 255,
} as const;

export const ValueType = {
  string: 0,
  list: 1,
  set: 2,
  zset: 3,
  hash: 4,
  zset2: 5,
  module2: 7,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  streamListpacks: 15,
  hashListpack: 16,
  zsetListpack: 17,
  listQuicklist2: 18,
  streamListpacks2: 19,
  setListpack: 20,
  streamListpacks3: 21,
  hashMetadataPreRelease: 22,
  hashListpackExPreRelease: 23,
  hashMetadata: 24,
  hashListpackEx: 25,
} as const;

/** The forms of values by their numbers, for messages; those that can be read are in the rows of `types.ts`. */
export const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: "string",
  1: "list",
  2: "set",
  3: "zset",
  4: "hash",
  5: "zset 2",
  6: "module pre-release",
  7: "module",
  9: "hash zipmap",
  10: "list ziplist",
  11: "set intset",
  12: "zset ziplist",
  13: "hash ziplist",
  14: "list quicklist",
  15: "stream listpacks",
  16: "hash listpack",
  17: "zset listpack",
  18: "list quicklist2",
  19: "stream listpacks 2",
  20: "set listpack",
  21: "stream listpacks 3",
  22: "hash metadata pre-release",
  23: "hash listpack ex pre-release",
  24: "hash metadata",
  25: "hash listpack ex",
};

/** The two top bits of a length's first byte, shifted down. */
export const Length = { bits6: 0, bits14: 1, long: 2, encoded: 3 } as const;
/** Whole first bytes of the `long` kind. */
export const LONG_32 = 0x80;
export const LONG_64 = 0x81;
/** The low six bits of an `encoded` first byte. */
export const Encoding = { int8: 0, int16: 1, int32: 2, lzf: 3 } as const;

/** What stands before each part of a module's data. */
export const ModuleOpcode = { eof: 0, sint: 1, uint: 2, float: 3, double: 4, string: 5 } as const;

/** Redis' default for proto-max-bulk-len: the longest string. */
export const DEFAULT_MAX_STRING_BYTES = 512 * 1024 * 1024;

export type RdbErrorKind =
  /** It is no RDB file, or broken. */
  | "corrupt"
  /** It ends too early. */
  | "truncated"
  /** It is sound, but holds what we cannot hold. */
  | "unsupported"
  /** Its version is not one we know. */
  | "version";

/** The one error that reading throws, whatever the bytes. */
/** The aux field that says which slots of a cluster's node hold keys that are nobody's to see. */
export const HIDDEN = "nines-hidden";

export class RdbError extends Error {
  readonly kind: RdbErrorKind;
  /** How many bytes of the input came before the item that could not be read; -1 where that says nothing. */
  readonly offset: number;

  constructor(kind: RdbErrorKind, message: string, offset = -1) {
    super(message);
    this.name = "RdbError";
    this.kind = kind;
    this.offset = offset;
  }
}
