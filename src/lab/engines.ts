/** Which program a lab's nodes run: ours, or the real ones, which read the same files and take the same words. */

export type EngineName = "nines" | "redis-server" | "valkey-server";

export const engineNames: readonly EngineName[] = ["nines", "redis-server", "valkey-server"];

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * @param self  how this very program is started, up to where its own arguments begin
 * @param configPath  absolute: every node runs in its own folder
 */
export function serverCommand(engine: EngineName, self: Command, configPath: string): Command {
  if (engine === "nines") return { command: self.command, args: [...self.args, "server", configPath] };
  return { command: engine, args: [configPath] };
}

export function sentinelCommand(engine: EngineName, self: Command, configPath: string): Command {
  if (engine === "nines") return { command: self.command, args: [...self.args, "sentinel", configPath] };
  return { command: engine, args: [configPath, "--sentinel"] };
}
