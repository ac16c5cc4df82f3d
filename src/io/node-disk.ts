/** Node's file system behind `Disk`. */

import * as sync from "node:fs";
import { existsSync, readFileSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Disk, DiskFile } from "./disk.ts";

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
    try {
      const handle = await open(temporary, "w", 0o644);
      try {
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
    const folder = await open(dirname(path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  replaceSync(path: string, bytes: Uint8Array): void {
    const temporary = temporaryName(path);
    try {
      const file = sync.openSync(temporary, "w", 0o644);
      try {
        sync.writeFileSync(file, bytes);
        sync.fsyncSync(file);
      } finally {
        sync.closeSync(file);
      }
      sync.renameSync(temporary, path);
    } catch (error) {
      sync.rmSync(temporary, { force: true });
      throw error;
    }
    const folder = sync.openSync(dirname(path), "r");
    try {
      sync.fsyncSync(folder);
    } finally {
      sync.closeSync(folder);
    }
  }

  async open(path: string, mode: "truncate" | "append"): Promise<DiskFile> {
    return new NodeDiskFile(await open(path, mode === "append" ? "a" : "w", 0o644));
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  remove(path: string): Promise<void> {
    return rm(path, { force: true });
  }

  list(folder: string): Promise<string[]> {
    return readdir(folder);
  }

  async makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  exists(path: string): boolean {
    return existsSync(path);
  }
}
