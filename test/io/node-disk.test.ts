import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { NodeDisk } from "../../src/io/node-disk.ts";

test("a file that is replaced keeps its permissions", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nines-disk-"));
  try {
    const disk = new NodeDisk();
    const mode = (path: string) => statSync(path).mode & 0o777;
    for (const permissions of [0o600, 0o640, 0o666]) {
      const path = join(folder, `users-${permissions}.acl`);
      disk.replaceSync(path, Buffer.from("one"));
      chmodSync(path, permissions);
      disk.replaceSync(path, Buffer.from("two"));
      assert.equal(mode(path), permissions);
      await disk.replace(path, Buffer.from("three"));
      assert.equal(mode(path), permissions);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
