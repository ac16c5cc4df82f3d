/** The package as npm would publish it: what is in it, that nothing of it runs when it is installed, and that it works for any user. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../ports.ts";

const NOBODY = 65534;
const built = existsSync("dist/cli.js");
const skip = built ? false : "not built";
const folder = mkdtempSync(join(tmpdir(), "nines-package-"));
const installed = join(folder, "node_modules/nines");
let manifest: { scripts?: Record<string, string>; dependencies?: Record<string, string> };

before(() => {
  if (!built) return;
  const words = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  const tarball = execFileSync("npm", words, { encoding: "utf8" }).trim().split("\n").at(-1)!;
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
  manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  // As npm would have installed them; the registry is not asked by a test.
  for (const name of Object.keys(manifest.dependencies ?? {}))
    symlinkSync(resolve("node_modules", name), join(folder, "node_modules", name));
  chmodSync(folder, 0o755);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("nothing of it, nor of what it needs, runs when it is installed", { skip }, () => {
  const manifests = [manifest];
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>;
  };
  for (const { scripts = {} } of manifests)
    for (const name of ["preinstall", "install", "postinstall"]) assert.equal(scripts[name], undefined, name);
  assert.ok(!existsSync(join(installed, "binding.gyp")));
  const running = Object.entries(lock.packages).filter(
    ([path, one]) => path !== "" && !one.dev && one.hasInstallScript,
  );
  assert.deepEqual(
    running.map(([path]) => path),
    [],
  );
});

test("it has what it needs, and neither tests nor keys", { skip }, () => {
  const list = execFileSync("find", [installed, "-type", "f"], { encoding: "utf8" }).trim().split("\n");
  const inside = list.map((path) => path.slice(installed.length + 1));
  for (const wanted of [
    "package.json",
    "README.md",
    "LICENSE",
    "dist/cli.js",
    "dist/index.js",
    "dist/types/main/index.d.ts",
  ])
    assert.ok(inside.includes(wanted), wanted);
  assert.deepEqual(
    inside.filter((path) => /(^|\/)(test|fuzz|sim|bench)\/|\.test\.|\.(pem|key|crt|rdb)$|\.env/.test(path)),
    [],
  );
});

test("a server of it runs as whoever starts it", { skip }, async () => {
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  const home = mkdtempSync(join(folder, "home-"));
  chmodSync(home, 0o777);
  const port = await freePort();
  const words = [join(installed, "dist/cli.js"), "server", "--port", `${port}`, "--bind", "127.0.0.1", "--dir", home];
  const options = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, words, { ...options, cwd: home, env: { PATH: process.env["PATH"] } });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  try {
    let answer = "";
    for (let tries = 0; tries < 200 && answer === ""; tries++) {
      answer = await ask(port, "SET k v\r\nSAVE\r\n");
      if (answer === "") await sleep(50);
    }
    assert.equal(answer, "+OK\r\n+OK\r\n", output);
    assert.ok(existsSync(join(home, "dump.rdb")));
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
});

/** What a server answers, "" when it cannot be reached. */
async function ask(port: number, requests: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (bytes) => (answer += bytes.toString()));
  socket.on("error", () => {});
  socket.write(requests);
  for (let i = 0; i < 100 && answer.length < 10 && !socket.destroyed; i++) await sleep(10);
  socket.destroy();
  return answer;
}
