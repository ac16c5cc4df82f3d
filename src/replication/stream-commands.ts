/** Where the commands stand in a piece of the replication stream: whole ones, in the form in which a primary sends them. */

const CR = 0x0d;
const STAR = 0x2a;
const DOLLAR = 0x24;

export interface StreamCommand {
  /** bytes[start, end) */
  readonly start: number;
  readonly end: number;
  /** Lower case. */
  readonly name: string;
  /** The bytes of the second word; empty if there is none. */
  readonly first: Uint8Array;
}

/** Visits the whole commands in bytes[start, end); returns where the first one stands that is not whole, or no command. */
export function visitCommands(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (command: StreamCommand) => void,
): number {
  for (;;) {
    const command = commandAt(bytes, start, end);
    if (command === null) return start;
    visit(command);
    start = command.end;
  }
}

function commandAt(bytes: Uint8Array, start: number, end: number): StreamCommand | null {
  const count = header(bytes, start, end, STAR);
  if (count === null || count.value < 1) return null;
  let at = count.next;
  let name = "";
  let first: Uint8Array = NO_BYTES;
  for (let i = 0; i < count.value; i++) {
    const length = header(bytes, at, end, DOLLAR);
    if (length === null || length.next + length.value + 2 > end) return null;
    const word = bytes.subarray(length.next, length.next + length.value);
    if (i === 0) name = Buffer.from(word.subarray(0, 32)).toString("latin1").toLowerCase();
    else if (i === 1) first = word;
    at = length.next + length.value + 2;
  }
  return { start, end: at, name, first };
}

const NO_BYTES = new Uint8Array(0);

/** `<type><digits>CR LF` at `at`. */
function header(bytes: Uint8Array, at: number, end: number, type: number): { value: number; next: number } | null {
  if (at >= end || bytes[at] !== type) return null;
  let value = 0;
  let i = at + 1;
  for (; i < end && bytes[i] !== CR; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9 || value > 1e12) return null;
    value = value * 10 + digit;
  }
  return i + 1 < end && i > at + 1 ? { value, next: i + 2 } : null;
}

/** Where the MULTI stands that has no EXEC yet, given that there is one; -1 if it came before these bytes. */
export function openMulti(bytes: Uint8Array, start: number, end: number): number {
  let multi = -1;
  visitCommands(bytes, start, end, (command) => {
    if (command.name === "multi") multi = command.start;
    else if (command.name === "exec" || command.name === "discard") multi = -1;
  });
  return multi;
}
