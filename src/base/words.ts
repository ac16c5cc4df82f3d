/** Lines of words with Redis' quoting: inline commands, redis.conf, sentinel.conf. */

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
/** As C's isspace: no other byte parts words, 0xa0 least of all. */
const BLANK = /[ \t-\r]/;

/**
 * Splits a line into words. Double quotes know \xHH, \n, \r, \t, \b, \a and \<any>; single quotes only \'. A closing quote
 * must be followed by a blank or the end.
 * @param line  one character a byte (latin1), so that binary words survive
 * @returns  the words, or null for unbalanced quotes
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let i = 0;
  for (;;) {
    while (i < line.length && (BLANK.test(line[i]!) || line[i] === "\0")) i++;
    if (i >= line.length) return words;
    let word = "";
    for (;;) {
      const c = line[i];
      if (c === undefined || c === "\0" || BLANK.test(c)) break;
      if (c !== '"' && c !== "'") {
        word += c;
        i++;
        continue;
      }
      const quoted = c === '"' ? readDouble(line, i + 1) : readSingle(line, i + 1);
      if (quoted === null) return null;
      word += quoted.text;
      i = quoted.next;
      const after = line[i];
      if (after !== undefined && !BLANK.test(after)) return null;
      break;
    }
    words.push(word);
  }
}

function readDouble(line: string, i: number): { text: string; next: number } | null {
  let text = "";
  for (;;) {
    const c = line[i];
    if (c === undefined) return null;
    if (c === '"') return { text, next: i + 1 };
    if (c !== "\\") {
      text += c;
      i++;
      continue;
    }
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(i, i + 4));
    if (hex) {
      text += String.fromCharCode(Number.parseInt(hex[1]!, 16));
      i += 4;
      continue;
    }
    const escaped = line[i + 1];
    if (escaped === undefined) return null;
    text += ESCAPES[escaped] ?? escaped;
    i += 2;
  }
}

function readSingle(line: string, i: number): { text: string; next: number } | null {
  let text = "";
  for (;;) {
    const c = line[i];
    if (c === undefined) return null;
    if (c === "'") return { text, next: i + 1 };
    if (c === "\\" && line[i + 1] === "'") {
      text += "'";
      i += 2;
      continue;
    }
    text += c;
    i++;
  }
}

/** How many bytes `quoteBytes` hands on at once, at most four times as many when escaped. */
const PIECE = 16 * 1024;

/** What stands for each byte between double quotes. */
const QUOTED: readonly Uint8Array[] = Array.from({ length: 256 }, (_, code) =>
  Buffer.from(quoteWord(String.fromCharCode(code)).slice(1, -1), "latin1"),
);

/**
 * As `quoteWord`, for words of any size: the text, its quotes included, comes in pieces that are valid until the next one.
 */
export function quoteBytes(bytes: Uint8Array, start: number, end: number, take: (piece: Uint8Array) => void): void {
  const piece = Buffer.allocUnsafe(Math.min(PIECE, end - start) * 4 + 2);
  let at = 0;
  piece[at++] = 0x22;
  for (let from = start; from < end; ) {
    const to = Math.min(end, from + PIECE);
    for (; from < to; from++) {
      const quoted = QUOTED[bytes[from]!]!;
      for (let i = 0; i < quoted.length; i++) piece[at++] = quoted[i]!;
    }
    if (from === end) break;
    take(piece.subarray(0, at));
    at = 0;
  }
  piece[at++] = 0x22;
  take(piece.subarray(0, at));
}

/** A word as CONFIG REWRITE and MONITOR write it: in double quotes, unprintable characters escaped. */
export function quoteWord(word: string): string {
  let text = '"';
  for (const c of word) {
    const code = c.charCodeAt(0);
    if (c === "\\" || c === '"') text += `\\${c}`;
    else if (c === "\n") text += "\\n";
    else if (c === "\r") text += "\\r";
    else if (c === "\t") text += "\\t";
    else if (code === 7) text += "\\a";
    else if (code === 8) text += "\\b";
    else if (code >= 0x20 && code < 0x7f) text += c;
    else text += `\\x${(code & 0xff).toString(16).padStart(2, "0")}`;
  }
  return `${text}"`;
}
