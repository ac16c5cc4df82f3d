/** No node runs into a bug of its own: every command ends as one should, every process starts, nothing throws. */
import type { SimNode } from "../node.ts";
import type { World } from "../world.ts";
import type { Checker } from "./checker.ts";

export class Serving implements Checker {
  readonly name = "no node runs into a bug";
  readonly violations: string[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  logged(node: SimNode, text: string): void {
    if (/^Bug in command|cannot be followed/.test(text)) this.#note(node, text);
  }

  failedToStart(node: SimNode, error: Error): void {
    this.#note(node, `could not start: ${error.stack}`);
  }

  #note(node: SimNode, text: string): void {
    this.violations.push(`${node.name} at ${Math.round(this.#world.now)} ms: ${text}`);
  }
}
