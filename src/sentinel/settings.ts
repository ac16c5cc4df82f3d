/** The clockwork of a Sentinel: Redis' periods, which SENTINEL DEBUG shows and changes, and the paces that are ours. */

export interface Timings {
  infoPeriodMs: number;
  pingPeriodMs: number;
  askPeriodMs: number;
  publishPeriodMs: number;
  defaultDownAfterMs: number;
  defaultFailoverTimeoutMs: number;
  tiltTriggerMs: number;
  tiltPeriodMs: number;
  slaveReconfTimeoutMs: number;
  minLinkReconnectPeriodMs: number;
  electionTimeoutMs: number;
  scriptMaxRuntimeMs: number;
  scriptRetryDelayMs: number;
}

export function defaultTimings(): Timings {
  return {
    infoPeriodMs: 10_000,
    pingPeriodMs: 1000,
    askPeriodMs: 1000,
    publishPeriodMs: 2000,
    defaultDownAfterMs: 30_000,
    defaultFailoverTimeoutMs: 180_000,
    tiltTriggerMs: 2000,
    tiltPeriodMs: 30_000,
    slaveReconfTimeoutMs: 10_000,
    minLinkReconnectPeriodMs: 15_000,
    electionTimeoutMs: 10_000,
    scriptMaxRuntimeMs: 60_000,
    scriptRetryDelayMs: 30_000,
  };
}

/** In the order in which SENTINEL DEBUG lists them. */
export const timingNames: readonly (readonly [name: string, field: keyof Timings])[] = [
  ["INFO-PERIOD", "infoPeriodMs"],
  ["PING-PERIOD", "pingPeriodMs"],
  ["ASK-PERIOD", "askPeriodMs"],
  ["PUBLISH-PERIOD", "publishPeriodMs"],
  ["DEFAULT-DOWN-AFTER", "defaultDownAfterMs"],
  ["DEFAULT-FAILOVER-TIMEOUT", "defaultFailoverTimeoutMs"],
  ["TILT-TRIGGER", "tiltTriggerMs"],
  ["TILT-PERIOD", "tiltPeriodMs"],
  ["SLAVE-RECONF-TIMEOUT", "slaveReconfTimeoutMs"],
  ["MIN-LINK-RECONNECT-PERIOD", "minLinkReconnectPeriodMs"],
  ["ELECTION-TIMEOUT", "electionTimeoutMs"],
  ["SCRIPT-MAX-RUNTIME", "scriptMaxRuntimeMs"],
  ["SCRIPT-RETRY-DELAY", "scriptRetryDelayMs"],
];

/** What Redis has no setting for, because it does these things at the pace of its timer or not at all. */
export const pace = {
  /** How often the shell lets the machine look at everything. */
  tickMs: 100,
  /** Between attempts to reach a primary, or one that was: it is to be met the moment it is back. */
  eagerReconnectMs: 100,
  /** A connection that ends sooner than this was not a good one: no instant reconnect. */
  settledLinkMs: 1000,
  /** A candidate waits a random part of this, so that Sentinels that notice at once do not split the vote. */
  electionSpreadMs: 100,
  /** Between requests for opinions and votes while they are what everybody waits for. */
  eagerAskMs: 100,
  /** How long after +sdown opinions are asked for at that pace. */
  eagerAskForMs: 3000,
  /** The first pause after an election that nobody can have won; doubled each time. */
  splitVotePauseMs: 100,
  /** The longest such pause, and the pause after finding no replica fit. */
  longestPauseMs: 10_000,
  /** Selection waits this long for INFO that is newer than the failure. */
  freshInfoMs: 300,
  /** Between looks at a replica that is being promoted or an old primary that is being demoted. */
  closeWatchMs: 20,
  /** A requested failover takes this long to claim its epoch by votes before it goes on alone, as Redis does at once. */
  forcedElectionMs: 300,
  /** What a healthy primary is given to hand over by its own FAILOVER, at most. */
  handoverMs: 5000,
} as const;

/** The options of the whole Sentinel, as `SENTINEL CONFIG` and the configuration file name them. */
export interface Options {
  announceIp: string;
  announcePort: number;
  resolveHostnames: boolean;
  announceHostnames: boolean;
  denyScriptsReconfig: boolean;
  sentinelUser: string;
  sentinelPass: string;
}

export function defaultOptions(): Options {
  return {
    announceIp: "",
    announcePort: 0,
    resolveHostnames: false,
    announceHostnames: false,
    denyScriptsReconfig: true,
    sentinelUser: "",
    sentinelPass: "",
  };
}
