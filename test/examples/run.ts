import { spawn } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

export interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** An example as its reader runs it, from the folder of the project. @param onOutput  told all that was printed so far */
export function run(
  command: string,
  args: readonly string[],
  onOutput: (output: string) => void = () => {},
): Promise<Run> {
  return new Promise((done, fail) => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], timeout: 50_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
        onOutput(output);
      });
    }
    child.on("error", fail);
    child.on("close", (code) => done({ code, output }));
  });
}

export function runTypeScript(args: readonly string[], onOutput?: (output: string) => void): Promise<Run> {
  return run(process.execPath, ["--import", "tsx", ...args], onOutput);
}
