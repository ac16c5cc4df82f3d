/**
 * `maxclients` and how many files the process may have open: clients that there is no descriptor for could not be told so, and would
 * leave none for snapshots and links.
 */
import type { Config } from "../config/config.ts";
import type { Server } from "./server.ts";

/** For what is no client: the runtime's own, files, listeners, links. */
const RESERVED = 64;

/** Lowers `maxclients` to what can be had, and sees that CONFIG SET asks for no more. */
export function fitMaxclients(server: Server): void {
  const { config, facts, log } = server;
  const most = facts.openFiles - RESERVED;
  const asked = config.values.maxclients;
  if (asked > most) {
    const fitting = Math.max(1, most);
    log.warning(
      `You requested maxclients of ${asked} requiring at least ${asked + RESERVED} max file descriptors. Current maximum open files is ${facts.openFiles}. maxclients has been reduced to ${fitting} to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.`,
    );
    config.assign("maxclients", fitting);
  }
  checkClients(config, most);
}

function checkClients(config: Config, most: number): void {
  config.check("maxclients", (clients) =>
    clients <= most
      ? undefined
      : `The operating system is not able to handle the specified number of clients, try with ${most}`,
  );
}
