/** A property of the system, watched while a world runs. Each stands in a file of its own beside this one. */
import type { SimNode } from "../node.ts";
import type { Acknowledgement } from "../writer.ts";

export interface Checker {
  readonly name: string;
  /** How it was broken, in words; empty if it held. */
  readonly violations: readonly string[];
  logged?(node: SimNode, text: string): void;
  acknowledged?(acknowledgement: Acknowledgement): void;
  started?(node: SimNode): void;
  failedToStart?(node: SimNode, error: Error): void;
  ended?(node: SimNode): void;
  /** The world has healed and settled, or has had all the time there is to. */
  finish?(): void;
}
