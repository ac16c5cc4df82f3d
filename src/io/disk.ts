/** Files, as far as a data store needs them. Paths are absolute or relative to the process' working directory. */
export interface Disk {
  /** The whole file, or undefined if there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  readSync(path: string): Uint8Array | undefined;
  /** Replaces the file whole: temporary file, fsync, rename, fsync of the folder. A crash leaves the old or the new. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Chunks of an iterable are written as they are made.
   * @param durable  whether it survives a loss of power (default); without that a crash of ours, which costs less to survive
   */
  replaceSync(path: string, bytes: Uint8Array | Iterable<Uint8Array>, durable?: boolean): void;
  /** Opens for writing from the start (`truncate`) or at the end (`append`), creating it. */
  open(path: string, mode: "truncate" | "append"): Promise<DiskFile>;
  /** Opens for reading; undefined if there is no such file. */
  openForReading(path: string): Promise<DiskReader | undefined>;
  /** Replaces what is at `to`; resolves when that survives a loss of power. */
  rename(from: string, to: string): Promise<void>;
  /** No error if there is none. */
  remove(path: string): Promise<void>;
  removeSync(path: string): void;
  list(folder: string): Promise<string[]>;
  listSync(folder: string): string[];
  makeFolder(path: string): Promise<void>;
  exists(path: string): boolean;
  /** Whether it is a file that we may run. */
  isExecutable(path: string): boolean;
  /**
   * Takes the file, which is created if it is missing, for this process alone, as flock(2) does: until it is released or the
   * process ends, however that comes. "unavailable": this machine has no means for it.
   */
  lockSync(path: string): FileLock | "taken" | "unavailable";
}

export interface FileLock {
  release(): void;
}

export interface DiskFile {
  /** Appends; resolves when the operating system has it. Writes of one file keep their order. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all that was written survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file being read from its start. */
export interface DiskReader {
  /** Bytes in it when it was opened. */
  readonly size: number;
  /** Reads on into `into`; resolves with how many bytes came, 0 at the end. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}
