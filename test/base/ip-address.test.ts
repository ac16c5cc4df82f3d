import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import { isIpAddress } from "../../src/base/ip-address.ts";

const texts =
  "127.0.0.1 0.0.0.0 255.255.255.255 256.0.0.1 1.2.3 1.2.3.4.5 01.2.3.4 1.2.3. a.b.c.d :: ::1 1:: 1::2 1:2 1:2:3:4:5:6:7:8 " +
  "1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1::2::3 ::: :1 1: 12345::1 g::1 fe80::ABCD ::ffff:1.2.3.4 ::ffff:300.1.1.1 1:2:3:4:5:6:1.2.3.4 " +
  "1:2:3:4:5:6:7:1.2.3.4 ::1.2.3.4 1.2.3.4:: 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1::3:4:5:6:7:8 0.0.0.0:1 localhost";

for (const text of [...texts.split(" "), ""])
  test(`"${text}"`, () => assert.equal(isIpAddress(text), isIP(text) !== 0));
