/** How long the two sides of a migration wait for each other, and for what. All in ms but where a name says otherwise. */
export interface MigrationTimes {
  /** From the order to the target's consent: it may have to remove what it has of these slots from before. */
  readonly agree: number;
  /** Without any sign of the other side it is given up. */
  readonly silence: number;
  /** So little is left to be sent that writes are held for it. */
  readonly smallBytes: number;
  /** That is doubled every so often, so many times at most. */
  readonly doubling: number;
  readonly doublings: number;
  /** Writes are held no longer than that before the target has everything; then they go on, and it is tried again later. */
  readonly pause: number;
  readonly rest: number;
  readonly attempts: number;
  /** For so long, from its word that it has everything, the target may take the slots over. */
  readonly lease: number;
  /** What the source adds to that, for clocks that do not run alike. */
  readonly margin: number;
  /** The target's process is gone: news that it sent before may still be on their way. */
  readonly grace: number;
}

export const TIMES: MigrationTimes = {
  agree: 60_000,
  silence: 10_000,
  smallBytes: 64 * 1024,
  doubling: 2000,
  doublings: 7,
  pause: 2000,
  rest: 3000,
  attempts: 5,
  lease: 1000,
  margin: 250,
  grace: 200,
};
