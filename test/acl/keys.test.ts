import assert from "node:assert/strict";
import { test } from "node:test";
import { canTellKeys } from "../../src/acl/keys.ts";
import { withServer } from "../server/with-server.ts";

test("of every command that can have keys it can be told which they are", () =>
  withServer(async ({ server }) => {
    const blind = [...server.table.all()].filter((row) => !canTellKeys(row)).map(({ name }) => name);
    assert.deepEqual(blind, []);
  }));
