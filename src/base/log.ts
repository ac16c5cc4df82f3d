/** Where a room says what happened; `server/log.ts` gives it Redis' format. */
export interface Log {
  debug(text: string): void;
  verbose(text: string): void;
  notice(text: string): void;
  warning(text: string): void;
}

export const silent: Log = { debug() {}, verbose() {}, notice() {}, warning() {} };
