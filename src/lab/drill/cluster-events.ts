/** What the nodes of a cluster wrote into their logs while one of them was away: the same lines from either engine. Pure. */

export interface ClusterEvent {
  /** Unix time in ms. */
  readonly at: number;
  readonly port: number;
  readonly text: string;
}

/** A line's words, and what they mean. `names` tells a node's port by its id. */
const MEANINGS: [pattern: RegExp, meaning: (found: RegExpExecArray, names: (id: string) => string) => string][] = [
  [/Marking node (\w+) as failing/, ([, id], names) => `a majority holds ${names(id!)} for failing: FAIL`],
  [/FAIL message received from (\w+)/, ([, id], names) => `hears of the FAIL from ${names(id!)}`],
  [/Start of election delayed for (\d+) milliseconds/, ([, ms]) => `will ask for votes in ${ms} ms`],
  [/Starting a failover election for epoch (\d+)/, ([, epoch]) => `asks for votes, epoch ${epoch}`],
  [/Failover auth granted to (\w+)/, ([, id], names) => `votes for ${names(id!)}`],
  [/Failover auth denied to (\w+)/, ([, id], names) => `refuses ${names(id!)} its vote`],
  [/Failover election won/, () => "has the votes: it is the primary"],
  [/Taking over the master/, () => "takes over without a vote"],
  [
    /Manual failover requested by replica (\w+)/,
    ([, id], names) => `is asked by ${names(id!)} to hand over: writes wait`,
  ],
  [/All master replication stream processed/, () => "has all that its primary had"],
  [/Reconfiguring myself as a replica of (\w+)/, ([, id], names) => `becomes a replica of ${names(id!)}`],
  [
    /Cluster state changed: (\w+)/,
    ([, state]) => (state === "ok" ? "serves (again)" : "refuses commands: cluster down"),
  ],
];

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LINE = /^\d+:\w (\d+) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3}) . (.*)$/;

/** @param portOf  the port of the node with that id */
export function readEvents(
  log: string,
  port: number,
  since: number,
  portOf: (id: string) => number | undefined,
): ClusterEvent[] {
  const names = (id: string) => String(portOf(id) ?? id.slice(0, 8));
  const events: ClusterEvent[] = [];
  for (const line of log.split("\n")) {
    const parts = LINE.exec(line);
    if (parts === null) continue;
    const [day, year, hour, minute, second, ms] = [parts[1], parts[3], parts[4], parts[5], parts[6], parts[7]].map(
      Number,
    );
    const at = new Date(year!, MONTHS.indexOf(parts[2]!), day!, hour!, minute!, second!, ms!).getTime();
    if (at < since) continue;
    for (const [pattern, meaning] of MEANINGS) {
      const found = pattern.exec(parts[8]!);
      if (found !== null) events.push({ at, port, text: meaning(found, names) });
    }
  }
  return events;
}
