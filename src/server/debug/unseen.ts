import type { Engine } from "../../engine/engine.ts";

/** Runs `look`, which reads keys: they do not count as used by it, nor as hit or missed. */
export function unseen<T>(engine: Engine, look: () => T): T {
  const { keyspaceHits, keyspaceMisses } = engine.stats;
  const { noTouch } = engine;
  engine.noTouch = true;
  try {
    return look();
  } finally {
    engine.noTouch = noTouch;
    engine.stats.keyspaceHits = keyspaceHits;
    engine.stats.keyspaceMisses = keyspaceMisses;
  }
}
