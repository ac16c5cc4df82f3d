/** Who a server is to those it asks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askSentinel, askServer } from "../../src/replication/asking.ts";
import type { AskOptions, AskPeer } from "../../src/replication/dataset.ts";
import { defaultSettings } from "./default-settings.ts";

const endpoint = { host: "10.0.0.1", port: 26379 };

class Peer implements AskPeer {
  options: AskOptions | null = null;

  async ask(_endpoint: unknown, _commands: unknown, options: AskOptions) {
    this.options = options;
    return [];
  }
}

const cases: [user: string, password: string, given: Partial<AskOptions>][] = [
  ["", "", {}],
  ["server", "", {}],
  ["", "secret", { password: "secret" }],
  ["server", "secret", { password: "secret", user: "server" }],
];

for (const [user, password, given] of cases)
  test(`as '${user}' with '${password}'`, async () => {
    const peer = new Peer();
    const settings = defaultSettings();
    await askSentinel(peer, endpoint, "", { ...settings, sentinelsUser: user, sentinelsPass: password });
    assert.deepEqual({ ...peer.options, timeoutMs: 0 }, { timeoutMs: 0, ...given });
    await askServer(peer, endpoint, { ...settings, masteruser: user, masterauth: password });
    assert.deepEqual({ ...peer.options, timeoutMs: 0 }, { timeoutMs: 0, ...given });
  });
