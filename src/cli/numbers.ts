/** Numbers on the command line. */
import { InvalidArgumentError } from "commander";

export function count(least: number, most: number): (text: string) => number {
  return (text) => {
    // Digits alone: Number() also takes blanks, 0x10 and 1e3.
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most} is expected.`);
  };
}
