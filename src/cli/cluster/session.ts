/** What every `nines cluster` command works with: the links, a voice, a question, and how it ends. */
import { createInterface } from "node:readline/promises";
import type { Io } from "../../io/io.ts";
import { nodeIo } from "../../io/node-io.ts";
import { clientIo } from "../../lab/tls.ts";
import { type Address, Links, parseAddress } from "../../manage/links.ts";
import { isScreen, whenAskedToEnd } from "../terminal.ts";
import { ProgressLine } from "./progress.ts";

/** The flags that all of them take. */
export interface ClusterFlags {
  user?: string;
  password?: string;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
  tls?: boolean;
  cacert?: string;
  cert?: string;
  key?: string;
}

/** Done and sound; the cluster is not sound, or not all was done; could not be done at all. */
export const EXIT = { done: 0, unsound: 1, failed: 2, interrupted: 130 } as const;

/** Said to the user as it is, with exit code 2. */
export class Refusal extends Error {}

export class Session {
  readonly io: Io;
  readonly links: Links;
  readonly flags: ClusterFlags;
  readonly progress: ProgressLine;
  /** The user has asked for an end: what is under way is brought to a good one. */
  cancelled = false;
  /** What is open while the work goes on, for one who does not want to wait: how to mend it. */
  openNow: () => string | undefined = () => undefined;

  constructor(flags: ClusterFlags) {
    this.flags = flags;
    refuseHalves(flags);
    this.io = nodeIo();
    // As redis-cli: a password on a command line can be read by everyone on the machine.
    const password = flags.password ?? process.env["REDISCLI_AUTH"];
    const links = flags.tls
      ? clientIo(this.io, { ca: flags.cacert, certificate: flags.cert, key: flags.key })
      : this.io;
    this.links = new Links(links, { username: flags.user, password });
    this.progress = new ProgressLine(this.io.clock, !flags.json && isScreen(), (line) => this.tell(line));
  }

  /** A line for people; with `--json` stdout is for machines. */
  tell(...lines: string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    (this.flags.json ? process.stderr : process.stdout).write(text);
  }

  json(value: unknown): void {
    if (this.flags.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  address(text: string): Address {
    const address = parseAddress(text);
    if (address === undefined) throw new Refusal(`'${text}' is no address: host:port, or a port of this machine`);
    return address;
  }

  /** Whether to go on. Never without a word: who cannot be asked has to say --yes. */
  async confirm(): Promise<boolean> {
    if (this.flags.dryRun) {
      this.tell("", "Nothing was done (--dry-run).");
      return false;
    }
    if (this.flags.yes) return true;
    if (!process.stdin.isTTY) throw new Refusal("nothing was done: there is nobody to ask, so say --yes");
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    // Ctrl-C and the end of the input are a no: left alone, the question would stay open for ever.
    const given = new AbortController();
    for (const event of ["SIGINT", "close"]) lines.once(event, () => given.abort());
    let yes = false;
    try {
      const answer = await lines.question("\nGo on? [y/N] ", { signal: given.signal });
      yes = /^y(es)?$/i.test(answer.trim());
    } catch {
      process.stderr.write("\n");
    } finally {
      lines.close();
    }
    if (!yes) this.tell("Nothing was done.");
    return yes;
  }
}

/** @throws Refusal  of options that would do nothing without another one */
function refuseHalves({ tls, cacert, cert, key, user, password }: ClusterFlags): void {
  if (!tls && (cacert ?? cert ?? key) !== undefined) throw new Refusal("--cacert, --cert and --key are for --tls");
  if ((cert === undefined) !== (key === undefined)) throw new Refusal("--cert and --key go together");
  if (user !== undefined && (password ?? process.env["REDISCLI_AUTH"]) === undefined)
    throw new Refusal("--user needs a password: --password, or better REDISCLI_AUTH");
}

/** Runs a command and turns how it ended into an exit code. */
export async function runSession(flags: ClusterFlags, action: (session: Session) => Promise<number>): Promise<void> {
  let session: Session;
  try {
    session = new Session(flags);
  } catch (error) {
    // Options that do not go together, or a certificate that cannot be used.
    process.stderr.write(`nines cluster: ${(error as Error).message}\n`);
    process.exitCode = EXIT.failed;
    return;
  }
  whenAskedToEnd(
    () => {
      session.cancelled = true;
      process.stderr.write("\nending as soon as that leaves the cluster sound; Ctrl-C again ends at once\n");
    },
    () => {
      const open = session.openNow();
      process.stderr.write(open === undefined ? "\ninterrupted\n" : `\ninterrupted: ${open}\n`);
      process.exit(EXIT.interrupted);
    },
  );
  try {
    process.exitCode = await action(session);
  } catch (error) {
    session.progress.end();
    process.stderr.write(`nines cluster: ${(error as Error).message}\n`);
    process.exitCode = EXIT.failed;
  } finally {
    session.links.close();
  }
  // Handlers of signals and stdin would keep the process.
  process.exit();
}
