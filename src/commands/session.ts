/** A client as the commands see it: what it chose, not how it is connected. */
export interface Session {
  readonly id: number;
  /** The selected database. */
  dbIndex: number;
  /** 2 or 3. */
  protocol: 2 | 3;
  name: string;
  authenticated: boolean;
  user: string;
  /** Whose rules hold for it; null for nobody's, as for the link to our primary. */
  readonly account?: { readonly sanitize: boolean } | null;
  /** Inside MULTI: commands are queued. */
  inMulti: boolean;
  /** Whether this is the link to our primary: its commands are obeyed even on a read-only replica. */
  readonly fromPrimary: boolean;
  /** CLIENT NO-EVICT, NO-TOUCH. */
  noEvict: boolean;
  noTouch: boolean;
  /** Executing inside EXEC (or, later, a script): blocking commands do not block. */
  readonly denyBlocking: boolean;
}
