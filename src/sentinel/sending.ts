/** Commands on their way to instances. */
import type { Address } from "./address.ts";
import { type ChannelName, type Instance, masterOf, type Replica } from "./instances.ts";
import type { Request } from "./protocol.ts";
import type { State } from "./state.ts";

/** What `command` is called at that server, which may have renamed it (`sentinel rename-command`). */
export function nameAt(instance: Instance, command: string): string {
  if (instance.kind === "sentinel") return command;
  return masterOf(instance).renamed.get(command.toLowerCase()) ?? command;
}

/** @returns  false if there is no connection to send it on */
export function send(
  s: State,
  instance: Instance,
  words: readonly string[],
  request: Request,
  channel: ChannelName = "command",
): boolean {
  const { link } = instance;
  if (link.channel(channel)?.state !== "up") return false;
  link.pending++;
  const [command, ...rest] = words as [string, ...string[]];
  s.emit({ kind: "send", link, words: [nameAt(instance, command), ...rest], request, channel });
  return true;
}

export function sendInfo(s: State, instance: Instance): boolean {
  if (!send(s, instance, ["INFO"], { kind: "info", instance })) return false;
  instance.infoPending = true;
  instance.infoAskedAt = s.now;
  return true;
}

export function sendPing(s: State, instance: Instance): boolean {
  if (!send(s, instance, ["PING"], { kind: "ping", instance })) return false;
  instance.link.pingSentAt = s.now;
  instance.link.pingPendingSince ??= s.now;
  return true;
}

/**
 * Changes a server's role, in one transaction: the new master, its configuration file, and its clients sent away, so that
 * they ask a Sentinel again. Its INFO is asked for at once after, as evidence of the effect.
 * @param target  null for "be a master"
 */
export function sendReplicaOf(
  s: State,
  replica: Replica,
  target: Address | null,
  purpose: "promote" | "follow" | "demote",
): boolean {
  const ignore: Request = { kind: "ignore", instance: replica };
  if (!send(s, replica, ["MULTI"], ignore)) return false;
  // A server in the middle of its own FAILOVER refuses REPLICAOF.
  if (replica.handover === "running") send(s, replica, ["FAILOVER", "ABORT"], ignore);
  send(s, replica, slaveOf(s, target), ignore);
  send(s, replica, ["CONFIG", "REWRITE"], ignore);
  send(s, replica, ["CLIENT", "KILL", "TYPE", "normal"], ignore);
  send(s, replica, ["CLIENT", "KILL", "TYPE", "pubsub"], ignore);
  send(s, replica, ["EXEC"], { kind: "exec", replica, purpose });
  sendInfo(s, replica);
  return true;
}

/** The bare command, for servers that refused the transaction: one that renamed CONFIG, say. */
export function sendBareReplicaOf(s: State, replica: Replica, target: Address | null): void {
  send(s, replica, slaveOf(s, target), { kind: "ignore", instance: replica });
  sendInfo(s, replica);
}

function slaveOf(s: State, target: Address | null): string[] {
  return target ? ["SLAVEOF", s.announced(target), String(target.port)] : ["SLAVEOF", "NO", "ONE"];
}
