import type { Engine } from "./engine.ts";

export function evict(engine: Engine, limitBytes: number): "ok" | "running" | "fail" {
  return engine.usedMemory() <= limitBytes ? "ok" : "fail";
}
