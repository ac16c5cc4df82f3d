/**
 * Sentinel's decisions: no socket, no file, no clock, and no chance it was not given. `step` is told what happened and
 * answers with what is to be done; `shell.ts` does it.
 *
 * Where to read on: `instances.ts` what is known, `protocol.ts` what goes in and out; then, along a failover, `links.ts`
 * and `monitoring.ts` (watching), `down.ts` (who is down), `election.ts` (who leads), `selection.ts` (which replica),
 * `failover.ts` (from the try to the promotion), `switch.ts` (the name moves), `reconf.ts` (the others follow), `hello.ts`
 * (the news spreads) and `wanderers.ts` (who was away is brought in line). `orders.ts` has what operators ask for.
 */

import type { Reply } from "../resp/reply-reader.ts";
import { askOthers, checkObjectivelyDown, checkSubjectivelyDown, onOpinion } from "./down.ts";
import { event, eventText } from "./events.ts";
import { considerFailover, continueFailover, onExec, onHandover } from "./failover.ts";
import { onHello } from "./hello.ts";
import { type Instance, type Link, type Master, masterOf } from "./instances.ts";
import { connect, onConnected, onDisconnected } from "./links.ts";
import { onInfo, onPing, sendPeriodic } from "./monitoring.ts";
import { obey } from "./orders.ts";
import type { Effect, Input, Request } from "./protocol.ts";
import { type Chance, State } from "./state.ts";
import { warnOfWeaknesses } from "./topology.ts";

export class Sentinel {
  /** To be read by those who show it; only `step` changes it once it runs. */
  readonly state: State;

  constructor(chance: Chance, options: { requirePass?: string } = {}) {
    this.state = new State(chance, options.requirePass);
  }

  /**
   * @param now  monotonic milliseconds
   * @returns    what is to be done, in this order
   * @throws     ReplyError for an order that cannot be obeyed; nothing has changed then
   */
  step(input: Input, now: number): Effect[] {
    const s = this.state;
    s.now = now;
    if (s.running) this.#noticePause(input.kind === "tick");
    this.#take(input);
    return s.takeEffects();
  }

  #take(input: Input): void {
    const s = this.state;
    switch (input.kind) {
      case "start":
        this.#start(input.port);
        break;
      case "tick":
        this.#tick();
        break;
      case "wake":
        for (const master of s.masters.values()) this.#drive(master);
        break;
      case "connected":
        onConnected(s, input.link, input.channel, input.localHost);
        this.#driveThoseOf(input.link);
        break;
      case "disconnected":
        onDisconnected(s, input.link, input.channel, input.refused, input.reason);
        this.#driveThoseOf(input.link);
        break;
      case "reply":
        this.#answered(input.link, input.request, input.reply);
        break;
      case "message":
        if (input.link.pubsub) input.link.pubsub.activeAt = s.now;
        onHello(s, input.text);
        break;
      case "hello":
        onHello(s, input.text);
        break;
      case "resolved":
        this.#resolved(input.host, input.ip);
        break;
      case "saved":
        s.unsaved = !input.ok;
        break;
      default:
        obey(s, input);
        break;
    }
  }

  #start(port: number): void {
    const s = this.state;
    s.running = true;
    s.port = port;
    s.lastTickAt = s.now;
    s.log("notice", `Sentinel ID is ${s.myid}`);
    for (const master of s.masters.values()) {
      event(s, "warning", "+monitor", master, `quorum ${master.quorum}`);
      master.createdAt = s.now;
    }
    // Time spent before this moment was not spent listening.
    for (const { link } of s.instances()) {
      link.pingPendingSince = s.now;
      link.availableAt = s.now;
      link.pongAt = s.now;
    }
    this.#tick();
  }

  /**
   * TILT: if this process stood still, everything looks late and nothing has to be: for a while it watches without acting.
   * The clock is monotonic, so that a change of the time of day is none of it.
   */
  #noticePause(isTick: boolean): void {
    const s = this.state;
    if (s.now - s.lastTickAt > s.timings.tiltTriggerMs) {
      s.tilt = true;
      s.tiltStartedAt = s.now;
      s.totalTilt++;
      s.lastTickAt = s.now;
      eventText(s, "warning", "+tilt", null, "#tilt mode entered");
    }
    if (isTick) s.lastTickAt = s.now;
    if (s.tilt && s.now - s.tiltStartedAt >= s.timings.tiltPeriodMs) {
      s.tilt = false;
      eventText(s, "warning", "-tilt", null, "#tilt mode exited");
    }
  }

  #tick(): void {
    const s = this.state;
    for (const instance of [...s.instances()]) {
      connect(s, instance);
      sendPeriodic(s, instance);
      if (!s.tilt) checkSubjectivelyDown(s, instance);
    }
    for (const master of s.masters.values()) {
      this.#drive(master);
      warnOfWeaknesses(s, master);
    }
    // `unsaved` state is tried again, so that a disk that recovers ends our silence as a voter.
    if (s.unsaved) s.dirty = true;
  }

  #drive(master: Master): void {
    const s = this.state;
    if (s.tilt) return;
    checkSubjectivelyDown(s, master);
    checkObjectivelyDown(s, master);
    considerFailover(s, master);
    continueFailover(s, master);
    askOthers(s, master);
  }

  #driveThoseOf(link: Link): void {
    const s = this.state;
    for (const instance of s.sharing(link)) {
      if (!s.tilt) checkSubjectivelyDown(s, instance);
      this.#drive(masterOf(instance));
    }
  }

  #answered(link: Link, request: Request, reply: Reply): void {
    const s = this.state;
    const instance = instanceOf(request);
    if (link.pending > 0) link.pending--;
    if (request.kind === "ping") onPing(s, instance, link, reply);
    // A master's name may have moved since: this would be the old server's answer.
    if (link !== instance.link) return;
    switch (request.kind) {
      case "info":
        onInfo(s, instance, reply);
        break;
      case "opinion":
        onOpinion(s, request.peer, request.about, reply);
        break;
      case "exec":
        onExec(s, request.replica, request.purpose, reply);
        break;
      case "handover":
        onHandover(s, request.master, request.epoch, reply);
        break;
      case "ping":
        break;
      default:
        return;
    }
    if (instance.released) return;
    if (!s.tilt) checkSubjectivelyDown(s, instance);
    this.#drive(masterOf(instance));
  }

  #resolved(host: string, ip: string): void {
    const s = this.state;
    s.ips.set(host.toLowerCase(), ip);
    for (const instance of s.instances()) {
      const { address } = instance;
      if (address.host.toLowerCase() === host.toLowerCase() && address.ip !== ip) instance.address = { ...address, ip };
    }
  }
}

function instanceOf(request: Request): Instance {
  if (request.kind === "opinion") return request.peer;
  if (request.kind === "exec") return request.replica;
  if (request.kind === "handover") return request.master;
  return request.instance;
}
