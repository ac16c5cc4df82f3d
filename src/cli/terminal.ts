/** The terminal, or the pipe, that a command talks to. */
import { basename, relative } from "node:path";

/** Whether a person looks at a screen that can be drawn over. */
export function isScreen(): boolean {
  return process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
}

export function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Lines that are drawn over themselves, below whatever was printed. */
export class LiveBlock {
  #height = 0;

  draw(lines: readonly string[]): void {
    const width = Math.max(20, (process.stdout.columns || 80) - 1);
    // What has left the screen at its top cannot be drawn over. The last lines say most: they sum up.
    const most = Math.max(4, (process.stdout.rows || 24) - 1);
    const fit = lines.length <= most ? lines : [lines[0]!, "...", ...lines.slice(lines.length - most + 2)];
    const shown = fit.map((line) => `${line.slice(0, width)}\n`).join("");
    process.stdout.write(this.#clear() + shown);
    this.#height = fit.length;
  }

  /** A line that stays, above the block. */
  printAbove(line: string): void {
    process.stdout.write(`${this.#clear()}${line}\n`);
    this.#height = 0;
  }

  /** What stands there stays; the next lines are drawn below it. */
  leave(): void {
    this.#height = 0;
  }

  #clear(): string {
    // Up to the first of our lines, then clear from there to the end of the screen.
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\x1b[J`;
  }
}

/**
 * Calls `onEnd` when the user (Ctrl-C), the system (SIGTERM), a closed terminal or a closed pipe wants an end; a second
 * wish calls `onHurry`.
 */
export function whenAskedToEnd(onEnd: () => void, onHurry: () => void): void {
  let asked = false;
  const ask = () => {
    if (asked) return onHurry();
    asked = true;
    onEnd();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
  // Whoever read our output is gone: nothing is lost but lines, and an unheard error would end us the hard way.
  process.stdout.on("error", () => {
    if (!asked) ask();
  });
}

/** How the user would call this program from that folder: in a clone `npx nines` would build it anew before it does anything. */
export function programName(from: string): string {
  const { args } = ownCommand();
  const path = args.at(-1)!;
  if (basename(path) === "nines") return "npx nines";
  const words = [...args.slice(0, -1), shorter(relative(from, path), path)];
  return ["node", ...words.map((word) => (/\s/.test(word) ? `"${word}"` : word))].join(" ");
}

function shorter(a: string, b: string): string {
  return a.length < b.length ? a : b;
}

/** How this program was started, up to where its arguments begin. */
export function ownCommand(): { command: string; args: string[] } {
  return { command: process.execPath, args: [...process.execArgv, process.argv[1]!] };
}
