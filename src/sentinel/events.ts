/** Events: a line in the log, a message on the pub/sub channel of the event's name, and the notification script. */
import { type Instance, Master, masterOf, type Replica } from "./instances.ts";
import type { LogLevel } from "./protocol.ts";
import type { State } from "./state.ts";
import { mark } from "./timeline.ts";

/**
 * @param level  only "warning" runs the notification script
 * @param about  whom it concerns: named first in the text
 * @param text   what else there is to say
 */
export function event(s: State, level: LogLevel, name: string, about: Instance | null, text = ""): void {
  const words = [about ? identify(s, about) : "", text].filter((part) => part !== "").join(" ");
  eventText(s, level, name, about, words);
}

/** An event whose text does not begin with the instance. */
export function eventText(s: State, level: LogLevel, name: string, about: Instance | null, text: string): void {
  s.emit({ kind: "event", level, name, text });
  if (about === null) return;
  const master = masterOf(about);
  if (level !== "debug") mark(s, master, `${name} ${text}`);
  if (level === "warning" && master.notificationScript !== null) {
    s.emit({ kind: "script", argv: [master.notificationScript, name, text] });
  }
}

/** `<kind> <name> <ip> <port>`, and whose it is unless it is a master. */
export function identify(s: State, instance: Instance): string {
  const own = `${instance.kind} ${instance.name} ${s.announced(instance.address)} ${instance.address.port}`;
  if (instance instanceof Master) return own;
  const master = (instance as Replica).master;
  return `${own} @ ${master.name} ${s.announced(master.address)} ${master.address.port}`;
}
