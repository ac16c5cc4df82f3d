/** The log in Redis' format, so that operators' greps keep working: `pid:M 22 Nov 2026 11:33:56.091 * text`. */
import type { Log } from "../base/log.ts";

/** C before the server knows what it is, X for a Sentinel, M for a primary, S for a replica. */
export type RoleLetter = "C" | "X" | "M" | "S";

export type LogLevel = "debug" | "verbose" | "notice" | "warning";

export interface LogOptions {
  readonly pid: number;
  readonly clock: { now(): number };
  readonly role: () => RoleLetter;
  /** Takes a whole line, its newline included. */
  readonly sink: (line: string) => void;
  readonly level?: LogLevel;
}

const MARKS: Readonly<Record<LogLevel, string>> = { debug: ".", verbose: "-", notice: "*", warning: "#" };
const LEVELS: readonly LogLevel[] = ["debug", "verbose", "notice", "warning"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Redis cuts at 1024 too; a stack trace of ours may be longer than that, and whole is more use. */
const MAX_TEXT = 8192;

/** Whether `verbose` lines are written at that `loglevel`. */
export function isChatty(level: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf("verbose");
}

export class ServerLog implements Log {
  /** What is less than this is not written: `loglevel`. May be changed at any time. */
  level: LogLevel;
  /** Where lines go. May be changed at any time: a log file is opened once the configuration is known. */
  sink: (line: string) => void;
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
    this.level = options.level ?? "notice";
    this.sink = options.sink;
  }

  debug(text: string): void {
    this.#write("debug", text);
  }

  verbose(text: string): void {
    this.#write("verbose", text);
  }

  notice(text: string): void {
    this.#write("notice", text);
  }

  warning(text: string): void {
    this.#write("warning", text);
  }

  /** The text as it is, without time and role: a banner. */
  raw(text: string): void {
    this.sink(`${text}\n`);
  }

  #write(level: LogLevel, text: string): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.level)) return;
    const { pid, clock, role } = this.#options;
    const bounded = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
    this.sink(`${pid}:${role()} ${formatTime(clock.now())} ${MARKS[level]} ${bounded}\n`);
  }
}

/** In local time, as Redis has it. */
function formatTime(ms: number): string {
  const time = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(time.getDate())} ${MONTHS[time.getMonth()]} ${time.getFullYear()}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${day} ${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
