/**
 * A snapshot on its way to a file, one slice at the end of each tick, while commands go on: into a temporary file, fsynced,
 * renamed over the old one. A crash leaves the old file whole.
 */
import type { Disk, DiskFile } from "../io/disk.ts";
import type { Clock } from "../io/io.ts";
import type { RdbStream } from "../rdb/stream.ts";

export interface BackgroundSaveOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly stream: RdbStream;
  readonly path: string;
  readonly temporaryPath: string;
  /** `rdb-save-incremental-fsync`: fsync as it grows, so that the last one is short. */
  readonly incrementalFsync: boolean;
  /** Microseconds to wait for each key. */
  readonly microsAKey: number;
}

/** "aborted" is no failure: somebody wanted it to end. */
export type SaveResult = "saved" | "aborted" | Error;

/** Less than a tick's commands take on a busy server: a save costs them little, and goes fast when there are none. */
const KEYS_A_SLICE = 64;
/** No more is made ready while the disk has this much to write. */
const UNWRITTEN_BYTES = 2 * 1024 * 1024;
const FSYNC_EVERY_BYTES = 4 * 1024 * 1024;

export class BackgroundSave {
  /** Resolves when it has ended and left nothing behind; never rejects. */
  readonly ended: Promise<SaveResult>;
  readonly #options: BackgroundSaveOptions;
  /** Whether it was told to end early; it may have been too late for that. */
  aborted = false;
  #unwrittenBytes = 0;
  #sinceFsync = 0;
  #failure: Error | undefined;
  /** Wakes the loop when the disk has taken something. */
  #wake: () => void = () => {};

  constructor(options: BackgroundSaveOptions) {
    this.#options = options;
    this.ended = this.#run();
  }

  /** Ends it early. The snapshot is released at once, the temporary file removed soon. */
  abort(): void {
    this.aborted = true;
    this.#options.stream.close();
    this.#wake();
  }

  async #run(): Promise<SaveResult> {
    const { disk, stream, path, temporaryPath } = this.#options;
    let file: DiskFile | undefined;
    try {
      file = await disk.open(temporaryPath, "truncate");
      await this.#writeAll(file);
      if (!this.aborted) await file.sync();
      await file.close();
      file = undefined;
      if (!this.aborted) {
        await disk.rename(temporaryPath, path);
        return "saved";
      }
    } catch (error) {
      this.#failure ??= error as Error;
    }
    stream.close();
    await file?.close().catch(() => {});
    await disk.remove(temporaryPath).catch(() => {});
    return this.aborted ? "aborted" : this.#failure!;
  }

  async #writeAll(file: DiskFile): Promise<void> {
    const { stream, microsAKey } = this.#options;
    // With a delay for each key, so many keys that it is worth a timer.
    const keys = microsAKey > 0 ? Math.max(1, Math.min(KEYS_A_SLICE, Math.floor(2000 / microsAKey))) : KEYS_A_SLICE;
    for (;;) {
      await this.#nextSlice(keys * microsAKey);
      if (this.aborted) return;
      const chunk = stream.next(keys);
      if (chunk === null) break;
      if (chunk.length > 0) this.#write(file, chunk);
      while (this.#unwrittenBytes >= UNWRITTEN_BYTES && !this.#failure && !this.aborted) await this.#diskProgress();
      if (this.#failure) throw this.#failure;
    }
    while (this.#unwrittenBytes > 0 && !this.#failure) await this.#diskProgress();
    if (this.#failure) throw this.#failure;
  }

  #nextSlice(micros: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      if (micros >= 1000) clock.after(Math.ceil(micros / 1000), resolve);
      else clock.endOfTick(resolve);
    });
  }

  #diskProgress(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #write(file: DiskFile, chunk: Uint8Array): void {
    const { length } = chunk;
    this.#unwrittenBytes += length;
    file.write(chunk).then(
      () => {
        this.#unwrittenBytes -= length;
        this.#options.stream.recycle(chunk);
        this.#wake();
      },
      (error) => this.#failed(error),
    );
    this.#sinceFsync += length;
    if (this.#options.incrementalFsync && this.#sinceFsync >= FSYNC_EVERY_BYTES) {
      this.#sinceFsync = 0;
      file.sync().catch((error) => this.#failed(error));
    }
  }

  #failed(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
