/** `nines up`: starts a group, shows how it is until someone wants it to end, and ends it. */
import { relative } from "node:path";
import type { Io } from "../io/io.ts";
import { nodeIo } from "../io/node-io.ts";
import { NodeProcesses, ownProcess } from "../io/node-processes.ts";
import { describeExit, Group } from "../lab/group.ts";
import type { GroupKind } from "../lab/plan.ts";
import type { GroupStatus } from "../lab/status.ts";
import { Watch } from "../lab/watch.ts";
import { describeGroup, howToBreak, howToConnect } from "./group-text.ts";
import type { UpFlags } from "./program.ts";
import { statusBlock, statusChanges, timeOfDay } from "./status-text.ts";
import { isScreen, LiveBlock, ownCommand, print, programName, whenAskedToEnd } from "./terminal.ts";

const SCREEN_PERIOD_MS = 500;

export async function up(kind: GroupKind, flags: UpFlags): Promise<void> {
  const io = nodeIo();
  const world = { io, processes: new NodeProcesses(), self: ownProcess() };
  let group: Group | undefined;
  let asked = false;
  const ended = new Promise<void>((resolve) => {
    whenAskedToEnd(
      () => {
        asked = true;
        resolve();
      },
      () => process.exit(1),
    );
  });
  // Whatever ends this process, its nodes go with it.
  process.on("exit", () => group?.killNow());
  const view = new View(io);
  try {
    view.note(`starting ${flags.engine} ...`);
    group = await Group.prepare(world, {
      kind,
      engine: flags.engine,
      replicas: flags.replicas,
      shards: flags.shards,
      sentinels: flags.sentinels,
      nodeTimeoutMs: flags.nodeTimeout,
      tls: flags.tls,
      port: flags.port,
      folder: flags.dir,
      self: ownCommand(),
      cancelled: () => asked,
      onProgress: (text) => view.note(text),
      onCrash: (node, exit) => view.note(`${node.name} (pid ${node.process.pid}) has ended: ${describeExit(exit)}`),
    });
    await group.launch();
  } catch (error) {
    if (asked) return view.note("ended before it was up");
    process.stderr.write(`nines up: ${(error as Error).message}\n`);
    process.exitCode = 1;
    return;
  }
  const folder = shortPath(flags.dir);
  print("", ...describeGroup(group.file, folder), "", ...howToConnect(group.file), "");
  const hints = howToBreak(group.file, folder, programName(process.cwd()));
  if (hints.length > 0) print(...hints, "");
  print("Ctrl-C ends it.", "");
  const watch = new Watch(io, group.file, ({ from, to }) => view.note(`failover: ${from} -> ${to}`));
  watch.start(SCREEN_PERIOD_MS, (status) => view.show(status, group!.pids()));
  await ended;
  watch.stop();
  view.note("ending ...");
  await group.stop();
  view.note("all nodes have ended");
  process.exit(0);
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}

/** A block that is drawn over on a screen; elsewhere a line whenever something changed. */
class View {
  readonly #io: Io;
  readonly #block = isScreen() ? new LiveBlock() : undefined;
  #last: GroupStatus | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  show(status: GroupStatus, pids: ReadonlyMap<string, number>): void {
    if (this.#block) this.#block.draw(statusBlock(status, this.#io.clock.now(), pids));
    else for (const line of statusChanges(this.#last, status)) this.note(line);
    this.#last = status;
  }

  note(text: string): void {
    const line = `${timeOfDay(this.#io.clock.now())} ${text}`;
    if (this.#block) this.#block.printAbove(line);
    else print(line);
  }
}
