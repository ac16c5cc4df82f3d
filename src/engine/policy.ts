export type MaxmemoryPolicy =
  | "noeviction"
  | "allkeys-lru"
  | "allkeys-lfu"
  | "allkeys-random"
  | "volatile-lru"
  | "volatile-lfu"
  | "volatile-random"
  | "volatile-ttl";

/** The directives that the engine obeys, by their names in redis.conf. Set the fields at any time. */
export class Policy {
  #maxmemoryPolicy: MaxmemoryPolicy = "noeviction";
  /** Whether the age of a key is a frequency and not a time. */
  lfu = false;
  maxmemorySamples = 5;
  /** 0 to 100: how long one call of `evict` may take. */
  maxmemoryEvictionTenacity = 10;
  lfuLogFactor = 10;
  lfuDecayTime = 1;
  lazyfreeLazyEviction = false;
  lazyfreeLazyExpire = false;
  lazyfreeLazyServerDel = false;
  lazyfreeLazyUserDel = false;
  lazyfreeLazyUserFlush = false;
  /** 1 to 10. */
  activeExpireEffort = 1;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION: RDB files and payloads with a wrong checksum are taken all the same. */
  skipChecksumValidation = false;
  /** Whether keys are also kept by their slot: said before the engine is made. */
  clusterEnabled = false;
  /** How long a string may become, in bytes. */
  protoMaxBulkLen = 512 * 1024 * 1024;
  hashMaxListpackEntries = 512;
  hashMaxListpackValue = 64;
  /** How large a node of a list becomes: bytes by -1 to -5, or a number of elements. */
  listMaxListpackSize = -2;
  setMaxIntsetEntries = 512;
  setMaxListpackEntries = 128;
  setMaxListpackValue = 64;
  zsetMaxListpackEntries = 128;
  zsetMaxListpackValue = 64;
  hllSparseMaxBytes = 3000;
  /** How large a node of a stream becomes; 0 for no limit. */
  streamNodeMaxBytes = 4096;
  streamNodeMaxEntries = 100;

  /** Which packed values from outside are looked through for duplicates: "clients" means RESTORE alone. */
  sanitizeDumpPayload: "no" | "yes" | "clients" = "no";

  get maxmemoryPolicy(): MaxmemoryPolicy {
    return this.#maxmemoryPolicy;
  }

  set maxmemoryPolicy(policy: MaxmemoryPolicy) {
    this.#maxmemoryPolicy = policy;
    this.lfu = policy === "allkeys-lfu" || policy === "volatile-lfu";
  }
}
