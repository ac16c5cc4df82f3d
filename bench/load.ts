/**
 * Writes keys at a steady pace, in a process of its own: `load.ts <port> <first> <count> <keys a second, 0: as fast as it
 * goes>`. Keys are 16 bytes, values 64. Ends when all are acknowledged.
 */
import { connect } from "node:net";
import { performance } from "node:perf_hooks";

const [port, first, count, perSecond] = process.argv.slice(2).map(Number) as [number, number, number, number];

const KEY_DIGITS = 12;
const VALUE = "v".repeat(64);
const ANSWER = "+OK\r\n".length;
/** Not more than this is on its way: beyond it the server would be measured by the size of its buffers. */
const MOST_UNANSWERED = 4096;

/** A request whose key's digits are filled in. */
const request = Buffer.from(`*3\r\n$3\r\nSET\r\n$16\r\nkey:${"0".repeat(KEY_DIGITS)}\r\n$64\r\n${VALUE}\r\n`);
const digitsEnd = request.indexOf("key:") + 4 + KEY_DIGITS;

function encode(from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe((to - from) * request.length);
  for (let key = from; key < to; key++) {
    const at = (key - from) * request.length;
    request.copy(bytes, at);
    for (let digit = at + digitsEnd - 1, rest = key; rest > 0; rest = Math.floor(rest / 10)) {
      bytes[digit--] = 48 + (rest % 10);
    }
  }
  return bytes;
}

const socket = connect({ host: "127.0.0.1", port, noDelay: true });
let sent = 0;
let answeredBytes = 0;
const startedAt = performance.now();

function send(): void {
  const answered = Math.floor(answeredBytes / ANSWER);
  const due = perSecond === 0 ? count : Math.ceil(((performance.now() - startedAt) / 1000) * perSecond);
  const until = Math.min(count, due, answered + MOST_UNANSWERED, sent + 1024);
  if (until > sent) {
    socket.write(encode(first + sent, first + until));
    sent = until;
  }
}

socket.on("data", (bytes: Buffer) => {
  if (answeredBytes === 0 && !bytes.toString("latin1").startsWith("+OK")) throw new Error(bytes.toString());
  answeredBytes += bytes.length;
  if (answeredBytes >= count * ANSWER) process.exit(0);
  if (perSecond === 0) send();
});
socket.on("connect", () => {
  send();
  setInterval(send, 1);
});
