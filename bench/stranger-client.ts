/** The process of a client that does a server no good: `stranger-client.ts KIND PORT`, until it is killed. Says "ready" when it is under way. */
import { connect, type Socket } from "node:net";
import { constants, setPriority } from "node:os";

const [kind, portText] = process.argv.slice(2);
const port = Number(portText);

/** Many connections, each of which sends the bytes of a request one a second. */
function drip(): void {
  const CONNECTIONS = 1000;
  const request = Buffer.from(`*3\r\n$3\r\nSET\r\n$8\r\nstranger\r\n$60\r\n${"x".repeat(60)}\r\n`);
  const sockets: { socket: Socket; at: number }[] = [];
  let open = 0;
  for (let i = 0; i < CONNECTIONS; i++) {
    const one = { socket: connect({ host: "127.0.0.1", port, noDelay: true }), at: i % request.length };
    one.socket.once("connect", () => {
      if (++open === CONNECTIONS) process.stdout.write("ready\n");
    });
    one.socket.write(request.subarray(0, one.at));
    one.socket.resume();
    sockets.push(one);
  }
  let next = 0;
  // In a hundred portions, so that they do not come all at once.
  setInterval(() => {
    for (let i = 0; i < CONNECTIONS / 100; i++) {
      const one = sockets[next++ % CONNECTIONS]!;
      one.socket.write(request.subarray(one.at, one.at + 1));
      one.at = (one.at + 1) % request.length;
    }
  }, 10);
}

/** Asks for a megabyte again and again and reads nothing; thrown out, it comes back. */
function neverRead(): void {
  const request = Buffer.from("*2\r\n$3\r\nGET\r\n$7\r\nlargest\r\n".repeat(20));
  const again = () => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.pause();
    const timer = setInterval(() => socket.write(request), 20);
    socket.on("error", () => {});
    socket.once("close", () => {
      clearInterval(timer);
      setTimeout(again, 20);
    });
  };
  again();
  process.stdout.write("ready\n");
}

/** Opens connections as fast as it can, and keeps some hundreds of them. */
function knock(): void {
  const KEPT = 500;
  const AT_ONCE = 16;
  const kept: Socket[] = [];
  const again = () => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    socket.once("connect", () => {
      kept.push(socket);
      if (kept.length > KEPT) kept.shift()!.resetAndDestroy();
      again();
    });
    socket.once("close", (hadError) => {
      if (hadError) setTimeout(again, 1);
    });
  };
  for (let i = 0; i < AT_ONCE; i++) again();
  process.stdout.write("ready\n");
}

// A stranger has a machine of his own. Here he shares the cores with the server and the one who measures: he takes what they leave.
setPriority(constants.priority.PRIORITY_LOW);
const kinds: Record<string, () => void> = { drip, "never-read": neverRead, knock };
kinds[kind!]!();
