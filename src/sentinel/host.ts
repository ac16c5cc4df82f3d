/** What a Sentinel needs of the process that it lives in: a server that listens, speaks RESP and delivers pub/sub. */
import type { Log } from "../base/log.ts";

export interface SentinelHost {
  readonly log: Log;
  /** To the clients that are subscribed to the channel, or to a pattern that it matches. */
  publish(channel: string, message: string): void;
  /** Where the configuration is, and with it the state that must survive. */
  readonly configFile: string;
  /**
   * The text of the configuration file with these lines in the place of its lines `sentinel ...`; all else stays as it is.
   * Texts are one character a byte.
   */
  rewriteConfig(old: string, sentinelLines: readonly string[]): string;
  /** `requirepass`: Sentinels that have no password of their own for each other use it. */
  readonly requirePass: string;
  /** The local address to connect from, if `bind-source-addr` names one. */
  readonly sourceHost?: string;
  /** `loglevel`, which SENTINEL CONFIG shows and sets. */
  logLevel: string;
  /** Whether a script can be run. */
  isExecutable(path: string): boolean;
  /** Ends the process now, as a crash would. */
  exit(code: number): void;
}
