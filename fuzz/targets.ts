/** All that is fuzzed, by name. To add one, add its line here. */
import type { TargetRow } from "./target.ts";
import { payloads } from "./targets/payloads.ts";
import { replies } from "./targets/replies.ts";
import { inline, requests } from "./targets/requests.ts";

export const targets: Readonly<Record<string, TargetRow>> = {
  requests,
  inline,
  replies,
  payloads,
};
