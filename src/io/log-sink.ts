/** Where log lines go: a file, opened anew for each line as Redis does (log rotation moves it away), or stdout. */
import { appendFileSync, readFileSync } from "node:fs";

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

/** All of stdin, one character a byte. */
export function readStdin(): string {
  return readFileSync(0, "latin1");
}
