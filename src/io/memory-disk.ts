/**
 * A disk in memory, for embedded servers and the simulation. It keeps apart what was written and what would survive a loss
 * of power: `crash` forgets the rest.
 */
import { dirname, normalize } from "node:path";
import type { Disk, DiskFile, DiskReader, FileLock } from "./disk.ts";

interface StoredFile {
  bytes: Uint8Array;
  /** How much of it is safe; -1 when even the name is not. */
  durable: number;
}

export class MemoryDisk implements Disk {
  readonly #files = new Map<string, StoredFile>();

  /** Power was lost: what was not synced is gone. */
  crash(): void {
    for (const [path, file] of this.#files) {
      if (file.durable < 0) this.#files.delete(path);
      else file.bytes = file.bytes.slice(0, file.durable);
    }
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.readSync(path);
  }

  readSync(path: string): Uint8Array | undefined {
    return this.#files.get(normalize(path))?.bytes.slice();
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    this.replaceSync(path, bytes);
  }

  replaceSync(path: string, bytes: Uint8Array | Iterable<Uint8Array>): void {
    const whole = bytes instanceof Uint8Array ? bytes.slice() : Buffer.concat([...bytes].map((chunk) => chunk.slice()));
    this.#files.set(normalize(path), { bytes: whole, durable: whole.length });
  }

  /** Nobody else could come. */
  lockSync(): FileLock {
    return { release() {} };
  }

  async open(path: string, mode: "truncate" | "append"): Promise<DiskFile> {
    const name = normalize(path);
    const old = this.#files.get(name);
    const file: StoredFile = mode === "append" && old ? old : { bytes: new Uint8Array(0), durable: -1 };
    this.#files.set(name, file);
    return {
      async write(bytes) {
        const longer = new Uint8Array(file.bytes.length + bytes.length);
        longer.set(file.bytes);
        longer.set(bytes, file.bytes.length);
        file.bytes = longer;
      },
      async sync() {
        file.durable = file.bytes.length;
      },
      async close() {},
    };
  }

  async openForReading(path: string): Promise<DiskReader | undefined> {
    const file = this.#files.get(normalize(path));
    if (file === undefined) return undefined;
    const { bytes } = file;
    let at = 0;
    return {
      size: bytes.length,
      async read(into) {
        const part = bytes.subarray(at, at + into.length);
        into.set(part);
        at += part.length;
        return part.length;
      },
      async close() {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#files.get(normalize(from));
    if (file === undefined) throw missing(from);
    this.#files.delete(normalize(from));
    this.#files.set(normalize(to), { bytes: file.bytes, durable: file.bytes.length });
  }

  async remove(path: string): Promise<void> {
    this.removeSync(path);
  }

  removeSync(path: string): void {
    this.#files.delete(normalize(path));
  }

  async list(folder: string): Promise<string[]> {
    return this.listSync(folder);
  }

  listSync(folder: string): string[] {
    const prefix = normalize(folder).replace(/\/$/, "");
    return [...this.#files.keys()]
      .filter((path) => dirname(path) === prefix)
      .map((path) => path.slice(prefix === "." ? 0 : prefix.length + 1));
  }

  async makeFolder(): Promise<void> {}

  isExecutable(): boolean {
    return false;
  }

  exists(path: string): boolean {
    const name = normalize(path);
    if (this.#files.has(name)) return true;
    return [...this.#files.keys()].some((file) => file.startsWith(`${name.replace(/\/$/, "")}/`));
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
}
