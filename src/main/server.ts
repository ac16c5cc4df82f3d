/**
 * `nines server` and `nines sentinel`: the process that is started is the server. It reads the command line and the
 * configuration as redis-server does, starts, and ends on SIGTERM and SIGINT.
 */
import { parseServerArguments, type ServerArguments, serverHelp } from "../cli/server-arguments.ts";
import { badConfig, ConfigFileError } from "../config/file.ts";
import type { Disk } from "../io/disk.ts";
import { logSink, readStdin, refusesLog } from "../io/log-sink.ts";
import { nodeIo } from "../io/node-io.ts";
import { NodeProcesses } from "../io/node-processes.ts";
import { nodeProcessFacts } from "../io/process-facts.ts";
import { systemText } from "../io/system-error.ts";
import { assemble } from "../server/assemble.ts";
import { ListenError } from "../server/listeners.ts";
import { ServerLog } from "../server/log.ts";
import { type Server, StartError, VERSION } from "../server/server.ts";
import { shutdownOptions } from "../server/shutdown.ts";
import { type ProcessConfig, readConfig } from "./config-file.ts";

/** @param argv  what follows `nines server` */
export async function runServer(argv: readonly string[]): Promise<void> {
  const parsed = parseServerArguments(argv);
  switch (parsed.action) {
    case "version":
      process.stdout.write(`${versionLine()}\n`);
      return;
    case "help":
      process.stdout.write(serverHelp("nines server"));
      return;
    case "refuse":
      process.stderr.write(`${parsed.message}\n`);
      process.exitCode = 1;
      return;
    case "run":
      await serve(parsed);
  }
}

/** @param argv  what follows `nines sentinel` */
export function runSentinel(argv: readonly string[]): Promise<void> {
  return runServer(argv.includes("--sentinel") ? argv : [...argv, "--sentinel"]);
}

function versionLine(): string {
  return `nines v=${VERSION.nines} (Redis ${VERSION.redis} compatible) malloc=arraybuffer bits=64`;
}

async function serve(parsed: Extract<ServerArguments, { action: "run" }>): Promise<void> {
  const io = nodeIo();
  const started = process.cwd();
  const { config, extras, file } = configure(io.disk, parsed);
  if (config.values.daemonize && process.env[DAEMON] === undefined) return daemonize(started, parsed.readStdin);
  let server: Server | null = null;
  const log = new ServerLog({
    clock: io.clock,
    pid: process.pid,
    level: config.values.loglevel,
    role: () => (parsed.sentinel ? "X" : server === null ? "C" : server.isReplica ? "S" : "M"),
    sink: logSink(() => config.values.logfile),
  });
  config.onChange("loglevel", (level) => {
    log.level = level;
  });
  log.notice("oO0OoO0OoO0Oo nines is starting oO0OoO0OoO0Oo");
  log.notice(`${versionLine()}, PID: ${process.pid}, just started`);
  if (file === "") log.warning("Warning: no config file specified, using the default config.");
  else log.notice("Configuration loaded");
  server = orExit(() =>
    assemble({
      io,
      processes: new NodeProcesses(),
      config,
      extras,
      log,
      mode: parsed.sentinel ? "sentinel" : "server",
      configFile: file,
      pid: process.pid,
      facts: nodeProcessFacts(),
      exit: (code) => process.exit(code),
    }),
  );
  endOnSignals(server);
  try {
    await server.start();
  } catch (error) {
    const expected = error instanceof ListenError || error instanceof StartError;
    log.warning(error instanceof Error ? (expected ? error.message : error.stack!) : String(error));
    process.exit(1);
  }
  writePidFile(io.disk, config.values.pidfile);
}

function configure(disk: Disk, parsed: Extract<ServerArguments, { action: "run" }>): ProcessConfig {
  return orExit(() => {
    const stdin = parsed.readStdin ? readStdin() : "";
    const settings = readConfig(disk, parsed.configFile ?? "", stdin + parsed.configText, parsed.sentinel, enter);
    if (parsed.sentinel && settings.file === "")
      throw new ConfigFileError("Sentinel needs config file on disk to save state. Exiting...");
    const { logfile } = settings.config.values;
    const refused = logfile === "" ? undefined : refusesLog(logfile);
    if (refused !== undefined) throw badConfig(`Can't open the log file: ${refused}`);
    return settings;
  });
}

/** Goes to the folder, or says why that cannot be. */
function enter(folder: string): string | undefined {
  try {
    process.chdir(folder);
    return undefined;
  } catch (error) {
    return systemText(error);
  }
}

/** A configuration that cannot be: its report on stderr, and the end. */
function orExit<Result>(attempt: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof ConfigFileError) && (error as { code?: string }).code !== "ENOENT") throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

/** Node cannot fork: the server is started afresh, away from this terminal, and this process ends. */
function daemonize(directory: string, fromStdin: boolean): void {
  if (fromStdin) {
    process.stderr.write(
      "daemonize yes: a configuration that comes from stdin cannot be read a second time, use a file\n",
    );
    process.exit(1);
  }
  new NodeProcesses().spawn({
    command: process.execPath,
    args: [...process.execArgv, ...process.argv.slice(1)],
    // Paths of the command line go on from where it was given, not from `dir`, where we are by now.
    cwd: directory,
    env: { ...process.env, [DAEMON]: "1" },
    detached: true,
  });
  process.exit(0);
}

/** Set for the process that `daemonize` starts. */
const DAEMON = "NINES_DAEMON";

function endOnSignals(server: Server): void {
  const end = (signal: "SIGTERM" | "SIGINT") => () => {
    if (signal === "SIGINT" && server.shutdown.begun) {
      server.log.warning("You insist... exiting now.");
      server.options.exit(1);
    }
    server.log.warning(`Received ${signal} scheduling shutdown...`);
    const words = server.config.values[signal === "SIGTERM" ? "shutdown-on-sigterm" : "shutdown-on-sigint"];
    server.shutdown.begin(shutdownOptions(words));
  };
  process.on("SIGTERM", end("SIGTERM"));
  process.on("SIGINT", end("SIGINT"));
}

/** As in Redis a pid file that cannot be written is no reason not to serve. */
function writePidFile(disk: Disk, path: string): void {
  if (path === "") return;
  try {
    disk.replaceSync(path, Buffer.from(`${process.pid}\n`));
    process.on("exit", () => disk.removeSync(path));
  } catch {}
}
