/**
 * What becomes of connections when users and their rules change, against redis-server 7.0.15: several clients of each server do the same,
 * one after the other, and must be told the same, or cut off alike.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { splitWords } from "../../src/base/words.ts";
import { noRedis } from "../rdb/real-redis.ts";
import { RespClient } from "../server/resp-client.ts";
import { withBoth } from "./both.ts";

/**
 * Lines are `client command`; each client is connected when it is first named. `client <` reads one more reply, as of a blocking command
 * or a message, `client ?` tells whether it is still connected, `client !command` does not wait for an answer, `client command &` until it blocks, `client 3` is of RESP3.
 */
const SCENARIOS: Record<string, string> = {
  "requirepass, set and taken back": `
    a PING
    a CONFIG SET requirepass secret
    a PING
    b PING
    b GET x
    b QUIT
    c AUTH wrong
    c PING
    c AUTH default secret
    c PING
    c HELLO 2
    d HELLO 2
    d HELLO 2 AUTH default wrong
    d HELLO 2 AUTH default secret
    d RESET
    d PING
    e PING
    a CONFIG SET requirepass ""
    e PING
    e HELLO 2
    e AUTH secret
    e AUTH default anything
    e HELLO 2
    a CONFIG SET requirepass again
    e PING
    f PING
    a CONFIG SET requirepass ""`,
  "the default user's own rules": `
    a ACL SETUSER admin on >admin ~* &* +@all
    b PING
    a ACL SETUSER default -@all +ping
    b PING
    b GET x
    b ACL WHOAMI
    a GET x
    a AUTH admin admin
    a GET x
    a ACL SETUSER default off
    b PING
    c PING
    c AUTH default x
    c AUTH admin wrong
    c AUTH admin admin
    c ACL WHOAMI
    a ACL SETUSER default on nopass ~* &* +@all
    c RESET
    c ACL WHOAMI
    c GET x`,
  "rules that change under a client": `
    a ACL SETUSER u on >p ~k* +get +set +multi +exec +discard
    b AUTH u p
    b SET k1 v
    b SET x v
    b GET k1
    a ACL SETUSER u -get
    b GET k1
    a ACL SETUSER u off
    b SET k1 w
    c AUTH u p
    a ACL SETUSER u on resetpass
    b SET k1 z
    c AUTH u p
    a ACL SETUSER u nopass
    c AUTH u whatever
    a ACL SETUSER u reset
    b SET k1 z
    c SET k1 z`,
  "a deleted user's clients": `
    a ACL SETUSER u on nopass ~* &* +@all
    b AUTH u p
    c AUTH u p
    c SUBSCRIBE ch
    d AUTH u p
    d BLPOP list 0 &
    e PING
    a ACL DELUSER u nobody
    b ?
    c ?
    d ?
    e ?
    a ACL DELUSER u
    a ACL SETUSER u on nopass +@all
    b2 AUTH u p
    b2 ACL DELUSER u
    b2 ?`,
  "channels that are taken away": `
    a ACL SETUSER u on nopass +@all &ch:* &news resetkeys
    b AUTH u p
    b SUBSCRIBE ch:1
    c AUTH u p
    c PSUBSCRIBE ch:*
    d AUTH u p
    d SUBSCRIBE news
    e AUTH u p
    e SSUBSCRIBE ch:2
    f AUTH u p
    f SUBSCRIBE other
    f PSUBSCRIBE ch:1
    a ACL SETUSER u &more
    b ?
    c ?
    a ACL SETUSER u resetchannels &ch:* &more
    b ?
    c ?
    d ?
    e ?
    a ACL SETUSER u resetchannels &ch:1
    b ?
    c ?
    e ?
    f ?
    a ACL SETUSER u allchannels
    b ?
    a PUBLISH ch:1 hello
    b <`,
  "a transaction": `
    a ACL SETUSER u on nopass ~k* +@all -get
    b AUTH u p
    b MULTI
    b SET k 1
    b SET x 1
    b SET k 2
    b EXEC
    b MULTI
    b SET k 1
    b GET k
    b DISCARD
    b MULTI
    b SET k 1
    b APPEND k 2
    b PUBLISH ch m
    a ACL SETUSER u allchannels
    b PUBLISH ch m
    a ACL SETUSER u -set resetchannels
    b EXEC
    b MULTI
    b SET k 1
    b APPEND k 2
    a ACL SETUSER u resetkeys +set
    b EXEC
    a ACL SETUSER u ~k* -exec
    b MULTI
    b APPEND k 2
    b EXEC
    b MULTI
    b PING
    a ACL SETUSER u +exec
    a ACL DELUSER u
    b ?`,
  "a transaction in which rules and users change": `
    a ACL SETUSER u on nopass ~* +get
    a SET k v
    a MULTI
    a AUTH u x
    a GET k
    a SET k w
    a EXEC
    a ACL WHOAMI
    b MULTI
    b ACL SETUSER default -get
    b GET k
    b SET k w
    b EXEC
    b ACL SETUSER default +@all
    b GET k`,
  "a user who deletes himself in a transaction": `
    a ACL SETUSER u on nopass ~* &* +@all
    a ACL SETUSER default resetkeys ~d*
    b AUTH u x
    b MULTI
    b SET k before
    b ACL DELUSER u
    b SET k behind
    b SET d behind
    b ACL WHOAMI
    b !EXEC
    c PING
    a ACL SETUSER default allkeys
    a MGET k d
    b ?`,
  "SORT looks nowhere that its user may not": `
    a RPUSH list 2 1
    a SET w_1 5
    a ACL SETUSER u on nopass ~list ~to +@all
    b AUTH u x
    b SORT list
    b SORT list BY w_*
    b SORT list BY nosort
    b SORT list GET #
    b SORT list GET w_*
    b SORT list STORE to
    b SORT list STORE other
    b SORT_RO list BY w_*
    a ACL SETUSER u %R~*
    b SORT list BY w_* GET #
    b SORT list BY w_* GET w_*
    b SORT list BY w_* STORE other
    a ACL SETUSER u reset on nopass ~list +sort (%R~* +get)
    b SORT list BY w_*
    a ACL SETUSER u (%R~* +sort)
    b SORT list BY w_*`,
  "CLIENT KILL USER": `
    a ACL SETUSER u on nopass +@all
    b AUTH u x
    c PING
    a CLIENT KILL USER nobody
    a CLIENT KILL USER u
    b ?
    c ?`,
  "first words of a command": `
    a ACL SETUSER u on nopass -@all +select|1 +config|get +ping
    b AUTH u x
    b SELECT 0
    b SELECT 1
    b SELECT 01
    b CONFIG GET maxmemory x
    b CONFIG SET port 1
    b CONFIG
    b CONFIG NOTHING
    b PING
    b NOTHING`,
  subscribers: `
    a ACL SETUSER u on nopass +@all &ch:* &pattern:*
    b AUTH u x
    b SUBSCRIBE ch:1 ch:2
    b SUBSCRIBE ch:1 other
    b PSUBSCRIBE ch:*
    b PSUBSCRIBE ch:1
    b PSUBSCRIBE pattern:*
    b UNSUBSCRIBE other
    b PUBLISH ch:1 x
    c AUTH u x
    c PUBLISH other x
    c SPUBLISH ch:1 x
    c SSUBSCRIBE nothing
    c PUNSUBSCRIBE whatever`,
};

const REPLIES_OF_MANY = /^(P|S)?(UN)?SUBSCRIBE$/i;

class Cast {
  readonly #port: number;
  readonly #clients = new Map<string, RespClient>();

  constructor(port: number) {
    this.#port = port;
  }

  async play(line: string): Promise<string> {
    const [name, ...words] = splitWords(line)! as [string, ...string[]];
    const client = this.#clients.get(name) ?? (await RespClient.connect(this.#port));
    this.#clients.set(name, client);
    if (words[0] === "?") return this.#isThere(client);
    if (words[0] === "<") return client.reply();
    if (words.at(-1) === "&") return this.#blocks(client, words.slice(0, -1));
    if (words[0]!.startsWith("!")) {
      client.send(words[0]!.slice(1), ...words.slice(1));
      return "";
    }
    client.send(...words);
    try {
      const first = await client.reply();
      if (!REPLIES_OF_MANY.test(words[0]!) || first.startsWith("-")) return first;
      return [first, ...(await client.replies(Math.max(0, words.length - 2)))].join(" ");
    } catch (error) {
      if (!client.closed) throw error;
      return (error as Error).message;
    }
  }

  /** One that nobody in these scenarios may keep from asking. */
  async #blocks(client: RespClient, words: readonly string[]): Promise<string> {
    client.send(...words);
    const watcher = await RespClient.connect(this.#port);
    try {
      const deadline = performance.now() + 5000;
      while (!/blocked_clients:[1-9]/.test(await watcher.do("INFO", "clients")))
        assert.ok(performance.now() < deadline, `${words.join(" ")} does not block`);
    } finally {
      await watcher.quit();
    }
    return "";
  }

  /** Who is cut off is so before the server hears the next request: once that is answered, the end is on its way to us. */
  async #isThere(client: RespClient): Promise<string> {
    const other = await RespClient.connect(this.#port);
    try {
      for (let turns = 0; turns < 5 && !client.closed; turns++) await other.do("PING");
    } finally {
      await other.quit();
    }
    return client.closed ? "gone" : "there";
  }

  close(): void {
    for (const client of this.#clients.values()) client.socket.destroy();
  }
}

/** 7.0's words for what 7.2 words anew; "the key" and "a key" say the same. */
function as70(reply: string): string {
  return reply
    .replace(/User \w+ has no permissions to run/g, "this user has no permissions to run")
    .replace(
      "No permissions to access a key",
      "this user has no permissions to access one of the keys used as arguments",
    )
    .replace(
      "No permissions to access a channel",
      "this user has no permissions to access one of the channels used as arguments",
    )
    .replace("the HELLO <proto> AUTH", "the HELLO AUTH")
    .replace(/"id", :\d+/, '"id"')
    .replace(/"7\.\d+\.\d+"/, '"version"');
}

for (const [title, lines] of Object.entries(SCENARIOS))
  test(title, { skip: noRedis }, () =>
    withBoth(2, async ({ ours, theirs }) => {
      const casts = [ours, theirs].map((client) => new Cast(client.socket.remotePort!)) as [Cast, Cast];
      try {
        for (const line of lines.trim().split(/\n\s*/)) {
          const [our, their] = await Promise.all(casts.map((cast) => cast.play(line)));
          assert.equal(as70(our!), as70(their!), line);
        }
      } finally {
        for (const cast of casts) cast.close();
      }
    }),
  );
