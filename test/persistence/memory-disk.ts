/** A disk in memory that can be told to fail or to wait. */
import type { Disk, DiskFile, DiskReader, FileLock } from "../../src/io/disk.ts";

export class MemoryDisk implements Disk {
  readonly files = new Map<string, Buffer>();
  /** Every change, in order. */
  readonly journal: string[] = [];
  /** What a write, a sync or a rename throws. */
  failure: Error | undefined;
  /** Writes wait for this. */
  writeGate: Promise<void> = Promise.resolve();
  /** Renames, which have begun, wait for this. */
  renameGate: Promise<void> = Promise.resolve();

  #check(): void {
    if (this.failure) throw this.failure;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path);
  }

  readSync(path: string): Uint8Array | undefined {
    return this.files.get(path);
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    this.replaceSync(path, bytes);
  }

  replaceSync(path: string, bytes: Uint8Array | Iterable<Uint8Array>): void {
    const chunks =
      bytes instanceof Uint8Array ? [Buffer.from(bytes)] : Array.from(bytes, (chunk) => Buffer.from(chunk));
    this.#check();
    this.files.set(path, Buffer.concat(chunks));
    this.journal.push(`replace ${path}`);
  }

  lockSync(): FileLock {
    return { release() {} };
  }

  async open(path: string): Promise<DiskFile> {
    this.#check();
    const chunks: Buffer[] = [];
    this.files.set(path, Buffer.alloc(0));
    this.journal.push(`open ${path}`);
    const write = async (bytes: Uint8Array) => {
      await this.writeGate;
      this.#check();
      chunks.push(Buffer.from(bytes));
      this.files.set(path, Buffer.concat(chunks));
    };
    const sync = async () => {
      this.#check();
      this.journal.push(`sync ${path}`);
    };
    return { write, sync, close: async () => void this.journal.push(`close ${path}`) };
  }

  async openForReading(path: string): Promise<DiskReader | undefined> {
    const bytes = this.files.get(path);
    if (bytes === undefined) return undefined;
    let at = 0;
    const read = async (into: Uint8Array) => {
      const length = Math.min(into.length, bytes.length - at);
      into.set(bytes.subarray(at, at + length));
      at += length;
      return length;
    };
    return { size: bytes.length, read, close: async () => {} };
  }

  async rename(from: string, to: string): Promise<void> {
    this.journal.push(`renaming ${from}`);
    await this.renameGate;
    this.#check();
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
    this.journal.push(`rename ${from} ${to}`);
  }

  async remove(path: string): Promise<void> {
    if (this.files.delete(path)) this.journal.push(`remove ${path}`);
  }

  removeSync(path: string): void {
    this.files.delete(path);
  }

  listSync(): string[] {
    return [...this.files.keys()];
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async makeFolder(): Promise<void> {}

  isExecutable(): boolean {
    return false;
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }
}
