/** Node's file system behind `Disk`. */

import * as sync from "node:fs";
import { existsSync, readFileSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Disk, DiskFile, DiskReader, FileLock } from "./disk.ts";
import { lockFile } from "./file-lock.ts";

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

class NodeDiskFile implements DiskFile {
  readonly #handle: FileHandle;
  /** The end of the queue of writes: each waits for the one before. */
  #last: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  write(bytes: Uint8Array): Promise<void> {
    const mine = this.#last.then(async () => {
      let at = 0;
      while (at < bytes.length) at += (await this.#handle.write(bytes, at)).bytesWritten;
    });
    this.#last = mine.catch(() => {});
    return mine;
  }

  async sync(): Promise<void> {
    await this.#last;
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#handle.close();
  }
}

class NodeDiskReader implements DiskReader {
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  async read(into: Uint8Array): Promise<number> {
    return (await this.#handle.read(into, 0, into.length)).bytesRead;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The permissions of the file that is about to be replaced: who kept a file with passwords to himself wants its successor so. */
function modeOf(path: string): number | undefined {
  const mode = sync.statSync(path, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : mode & 0o777;
}

let serial = 0;
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${++serial}.tmp`);
}

export class NodeDisk implements Disk {
  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  readSync(path: string): Uint8Array | undefined {
    try {
      return readFileSync(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    const temporary = temporaryName(path);
    const mode = modeOf(path);
    try {
      const handle = await open(temporary, "w", mode ?? 0o644);
      try {
        // Whatever the umask takes away.
        if (mode !== undefined) await handle.chmod(mode);
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  }

  replaceSync(path: string, bytes: Uint8Array | Iterable<Uint8Array>, durable = true): void {
    const temporary = temporaryName(path);
    const mode = modeOf(path);
    try {
      const file = sync.openSync(temporary, "w", mode ?? 0o644);
      try {
        if (mode !== undefined) sync.fchmodSync(file, mode);
        if (bytes instanceof Uint8Array) sync.writeFileSync(file, bytes);
        else for (const chunk of bytes) sync.writeFileSync(file, chunk);
        if (durable) sync.fsyncSync(file);
      } finally {
        sync.closeSync(file);
      }
      sync.renameSync(temporary, path);
    } catch (error) {
      sync.rmSync(temporary, { force: true });
      throw error;
    }
    if (!durable) return;
    const folder = sync.openSync(dirname(path), "r");
    try {
      sync.fsyncSync(folder);
    } finally {
      sync.closeSync(folder);
    }
  }

  lockSync(path: string): FileLock | "taken" | "unavailable" {
    return lockFile(path);
  }

  async open(path: string, mode: "truncate" | "append"): Promise<DiskFile> {
    return new NodeDiskFile(await open(path, mode === "append" ? "a" : "w", 0o644));
  }

  async openForReading(path: string): Promise<DiskReader | undefined> {
    try {
      const handle = await open(path, "r");
      return new NodeDiskReader(handle, (await handle.stat()).size);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to);
    await syncFolder(dirname(to));
  }

  remove(path: string): Promise<void> {
    return rm(path, { force: true });
  }

  removeSync(path: string): void {
    sync.rmSync(path, { force: true });
  }

  list(folder: string): Promise<string[]> {
    return readdir(folder);
  }

  listSync(folder: string): string[] {
    return sync.readdirSync(folder);
  }

  async makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  isExecutable(path: string): boolean {
    try {
      sync.accessSync(path, sync.constants.X_OK);
      return sync.statSync(path).isFile();
    } catch {
      return false;
    }
  }

  exists(path: string): boolean {
    return existsSync(path);
  }
}
