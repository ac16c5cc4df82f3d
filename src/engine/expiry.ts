import type { Engine } from "./engine.ts";

export function activeExpire(_engine: Engine, _budgetMicros: number, _fast: boolean): number {
  return 0;
}
