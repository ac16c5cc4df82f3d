/** SENTINEL HELP: what each subcommand takes, and what it does. */
export const help: readonly (readonly [usage: string, meaning: string])[] = [
  [
    "CKQUORUM <primary-name>",
    "Checks whether a failover could be agreed on and authorized, and what else is in its way.",
  ],
  ["CONFIG GET <param> [<param> ...]", "Shows settings of this Sentinel."],
  ["CONFIG SET <param> <value> [<param> <value> ...]", "Changes settings of this Sentinel."],
  ["DEBUG [<param> <value> ...]", "Shows, or changes, the periods by which it works, in milliseconds."],
  [
    "FAILOVER <primary-name> [COORDINATED]",
    "Moves the primary to a replica now; without loss if the primary can hand over.",
  ],
  ["FAILOVERS [<primary-name>]", "Shows the latest failovers: who voted, why that replica, how long each step took."],
  ["FLUSHCONFIG", "Writes the configuration file anew, with the state."],
  ["GET-PRIMARY-ADDR-BY-NAME <primary-name>", "Says where the primary is. Also: GET-MASTER-ADDR-BY-NAME."],
  ["INFO-CACHE [<primary-name> ...]", "Shows INFO of primaries and replicas as last seen."],
  [
    "IS-PRIMARY-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
    "Asks whether that primary is down, and for a vote. Also: IS-MASTER-DOWN-BY-ADDR.",
  ],
  ["MONITOR <name> <ip> <port> <quorum>", "Begins to watch a primary."],
  ["MYID", "Says the id of this Sentinel."],
  ["PENDING-SCRIPTS", "Shows the scripts that run or wait."],
  ["PRIMARIES", "Shows all primaries and their state. Also: MASTERS."],
  ["PRIMARY <primary-name>", "Shows the state of one primary. Also: MASTER."],
  ["REMOVE <primary-name>", "Watches a primary no longer."],
  ["REPLICAS <primary-name>", "Shows the replicas of a primary. Also: SLAVES."],
  ["RESET <pattern>", "Forgets what was learned about the primaries that match."],
  ["SENTINELS <primary-name>", "Shows the other Sentinels of a primary."],
  ["SET <primary-name> <option> <value> [<option> <value> ...]", "Changes settings of a primary."],
  [
    "SIMULATE-FAILURE [CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
    "Ends this Sentinel at that point of a failover.",
  ],
];
