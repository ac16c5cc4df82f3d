/** Where log lines go: a file, opened anew for each line as Redis does (log rotation moves it away), or stdout. */
import { appendFileSync, readFileSync } from "node:fs";
import { systemText } from "./system-error.ts";

/** @param path  "" for stdout */
export function logSink(path: () => string): (line: string) => void {
  return (line) => {
    const file = path();
    if (file === "") process.stdout.write(line);
    else
      try {
        appendFileSync(file, line);
      } catch {
        // A log that cannot be written is no reason to stop serving; Redis too goes on.
      }
  };
}

/** Why lines cannot be written to that file, or undefined. It is made if it is not there. */
export function refusesLog(path: string): string | undefined {
  try {
    appendFileSync(path, "");
    return undefined;
  } catch (error) {
    return systemText(error);
  }
}

/** All of stdin, one character a byte. */
export function readStdin(): string {
  return readFileSync(0, "latin1");
}
