/**
 * Users by chance, and requests of theirs: nines and a real redis-server must say the same of each, asked by ACL DRYRUN and by calling
 * it. Wordings of 7.2, which is our level, and 7.0, which is Debian's, are brought to one form.
 */
import { Dice } from "../differential/generator/dice.ts";
import { parseReply } from "../differential/generator/reply.ts";
import { Wire } from "../differential/generator/wire.ts";
import { withRedis } from "../rdb/real-redis.ts";
import { withServer } from "../server/with-server.ts";
import { Generator, type Known, type Words } from "./generator.ts";

export interface Outcome {
  /** Requests judged, each twice: by DRYRUN and by a call. */
  readonly cases: number;
  readonly users: number;
  /** How often it was said: allowed, command, key, channel, error. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly differences: readonly string[];
}

export interface Options {
  readonly cases: number;
  readonly seed: number;
  /** Ends the run. */
  readonly mostDifferences?: number;
}

const REQUESTS_A_USER = 25;
/** These leave MULTI, or end the connection. */
const NOT_IN_MULTI = new Set(["exec", "discard", "quit", "reset"]);
/** Short, and without a trace that another case could see. */
const CALLED = new Set(
  (
    "get set mget del exists type strlen append getrange setrange getset getdel copy rename sort sort_ro bitfield bitfield_ro bitop lcs " +
    "zunion zinter zdiff zunionstore zinterstore zdiffstore zintercard sintercard lmpop zmpop georadius georadiusbymember xread sunionstore " +
    "publish spublish echo ping select object memory"
  ).split(" "),
);

interface Side {
  readonly port: number;
  readonly admin: Wire;
  user: Wire;
}

export function compareVerdicts(options: Options): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    withServer(({ port }) =>
      withRedis(
        async (redis) => {
          const sides = [await open(port), await open(redis.client.options.port!)] as const;
          try {
            resolve(await new Comparison(sides, await commonCommands(sides), options).run());
          } finally {
            for (const { admin, user } of sides) {
              admin.close();
              user.close();
            }
          }
        },
        undefined,
        ["--enable-debug-command", "yes"],
      ),
    ).catch(reject);
  });
}

async function open(port: number): Promise<Side> {
  return { port, admin: await Wire.open(port), user: await Wire.open(port) };
}

/** Not to be run by chance; and WAIT, which 7.2 has in @blocking and 7.0 has not. */
const LEFT_OUT = new Set(["shutdown", "failover", "replicaof", "wait"]);

/** What both have, with the same number of words. */
async function commonCommands(sides: readonly Side[]): Promise<Known[]> {
  const [ours, theirs] = await Promise.all(sides.map(async ({ admin }) => aritiesOf(await admin.one("COMMAND"))));
  return [...theirs!]
    .filter(([name, arity]) => ours!.get(name) === arity && !LEFT_OUT.has(name))
    .map(([name, arity]) => ({ words: name.split("|"), arity }));
}

function aritiesOf(reply: Buffer, found = new Map<string, number>()): Map<string, number> {
  for (const command of parseReply(reply).items) collect(command);
  return found;

  function collect(command: ReturnType<typeof parseReply>): void {
    found.set(command.items[0]!.text, Number(command.items[1]!.text));
    for (const below of command.items[9]?.items ?? []) collect(below);
  }
}

class Comparison {
  readonly #sides: readonly [Side, Side];
  readonly #options: Options;
  readonly #dice: Dice;
  readonly #generator: Generator;
  readonly #verdicts: Record<string, number> = {};
  readonly #differences: string[] = [];
  #cases = 0;
  #users = 0;

  constructor(sides: readonly [Side, Side], known: readonly Known[], options: Options) {
    this.#sides = sides;
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#generator = new Generator(this.#dice, known);
  }

  async run(): Promise<Outcome> {
    const most = this.#options.mostDifferences ?? 20;
    while (this.#cases < this.#options.cases && this.#differences.length < most) {
      this.#users++;
      const rules = await this.#makeUser();
      if (this.#users % 3 === 0) await this.#describeAlike(rules);
      const requests = Array.from({ length: REQUESTS_A_USER }, () => this.#generator.request());
      await this.#tryOut(rules, requests);
      await this.#queue(rules, requests);
      await this.#call(rules, requests);
      this.#cases += requests.length;
    }
    return { cases: this.#cases, users: this.#users, verdicts: this.#verdicts, differences: this.#differences };
  }

  async #both(who: "admin" | "user", requests: readonly Words[]): Promise<[string[], string[]]> {
    const [ours, theirs] = await Promise.all(
      this.#sides.map(async (side) => (await side[who].ask(requests)).map((reply) => reply.toString("latin1"))),
    );
    return [ours!, theirs!];
  }

  /** A user anew, his rules given one by one, so that a wrong one does not take the others along; and his connections. */
  async #makeUser(): Promise<string[]> {
    const rules = this.#generator.rules();
    const steps = [
      ["ACL", "DELUSER", "u"],
      ["ACL", "SETUSER", "u", "reset"],
      ...rules.map((rule) => ["ACL", "SETUSER", "u", rule]),
      ["ACL", "SETUSER", "u", ...rules.slice(0, 4)],
      // He can always queue; what that needs allows nothing else.
      ["ACL", "SETUSER", "u", "on", "nopass", "(+multi +discard)"],
    ];
    const [ours, theirs] = await this.#both("admin", steps);
    for (const [i, step] of steps.entries()) this.#same(`${quoted(step)}`, ours[i], theirs[i]);
    for (const side of this.#sides) {
      side.user.close();
      side.user = await Wire.open(side.port);
    }
    const [our, their] = await this.#both("user", [["AUTH", "u", "any"]]);
    this.#same("AUTH", our[0], their[0]);
    return rules;
  }

  /** ACL GETUSER: all but the commands as they are; those in such words that redis-server makes the same of them as of the rules. */
  async #describeAlike(rules: Words): Promise<void> {
    const [ours, theirs] = (await this.#both("admin", [["ACL", "GETUSER", "u"]])).map(([reply]) => describe(reply!));
    this.#same(`ACL GETUSER of ${quoted(rules)}`, JSON.stringify(ours!.rest), JSON.stringify(theirs!.rest));
    const { admin } = this.#sides[1];
    for (const [i, commands] of ours!.commands.entries()) {
      const retold = await admin.ask([
        ["ACL", "SETUSER", "probe", "reset", ...commands.split(" ")],
        ["ACL", "GETUSER", "probe"],
      ]);
      const { commands: made } = describe(retold[1]!.toString("latin1"));
      // 7.2 keeps first words in lower case.
      const their = theirs!.commands[i]!.toLowerCase();
      this.#same(`commands of ${quoted(rules)}: ${commands}`, made[0]!.toLowerCase(), their);
    }
  }

  async #tryOut(rules: Words, requests: readonly Words[]): Promise<void> {
    const [ours, theirs] = await this.#both(
      "admin",
      requests.map((request) => ["ACL", "DRYRUN", "u", ...request]),
    );
    for (const [i, request] of requests.entries()) {
      const verdict = verdictOf(theirs[i]!);
      const kind = verdict.split(" ")[0]!;
      this.#verdicts[kind] = (this.#verdicts[kind] ?? 0) + 1;
      this.#same(`${quoted(rules)} / DRYRUN ${quoted(request)}`, verdictOf(ours[i]!), verdict);
    }
  }

  /** In MULTI, where whatever is allowed is not done. */
  async #queue(rules: Words, requests: readonly Words[]): Promise<void> {
    const queued = requests.filter(([name]) => !NOT_IN_MULTI.has(name!.toLowerCase()));
    const [ours, theirs] = await this.#both("user", [["MULTI"], ...queued, ["DISCARD"]]);
    for (const [i, request] of queued.entries())
      this.#same(`${quoted(rules)} / queued ${quoted(request)}`, denialOf(ours[i + 1]!), denialOf(theirs[i + 1]!));
  }

  async #call(rules: Words, requests: readonly Words[]): Promise<void> {
    const called = requests.filter(([name]) => CALLED.has(name!.toLowerCase()));
    const [ours, theirs] = await this.#both("user", called);
    for (const [i, request] of called.entries())
      this.#same(`${quoted(rules)} / ${quoted(request)}`, denialOf(ours[i] ?? ""), denialOf(theirs[i] ?? ""));
    await this.#both("admin", [["FLUSHALL"]]);
  }

  #same(what: string, ours: string | undefined, theirs: string | undefined): void {
    if (ours !== theirs) this.#differences.push(`${what}\n  nines: ${ours}\n  redis: ${theirs}`);
  }
}

/** Of ACL DRYRUN: allowed, or what is in the way. */
function verdictOf(reply: string): string {
  if (reply === "+OK\r\n") return "allowed";
  const text = reply.replace(/^\$\d+\r\n/, "").replace(/\r\n$/, "");
  const denied =
    /^(?:User u|This user) has no permissions to (?:run|access) the '([\s\S]*)' (command|key|channel)$/.exec(text);
  return denied ? `${denied[2]} ${denied[1]}` : `error ${text}`;
}

/** Of a call: what is in the way; nothing if it is an answer of any other kind. */
function denialOf(reply: string): string {
  if (/^-ERR (BY|GET) option of SORT denied/.test(reply)) return reply;
  if (!reply.startsWith("-NOPERM")) return reply === "" ? "no reply" : "";
  const command = /no permissions to run the '(.*)' command/.exec(reply);
  if (command) return `command ${command[1]}`;
  return /\bchannels?\b/.test(reply) ? "channel" : /\bkeys?\b/.test(reply) ? "key" : reply;
}

/** 7.2 says of every user whether payloads are sanitized, 7.0 only when a rule has. */
function describe(reply: string): { commands: string[]; rest: unknown } {
  const fields = parseReply(Buffer.from(reply, "latin1")).items;
  const commands: string[] = [];
  return { commands, rest: plain({ items: fields, text: "" }) };

  function plain({ items, text }: { items: readonly ReturnType<typeof parseReply>[]; text: string }): unknown {
    if (items.length === 0) return text;
    return items.flatMap((item, i) => {
      if (i > 0 && items[i - 1]!.text === "commands") {
        commands.push(item.text);
        return [];
      }
      return item.text === "sanitize-payload" ? [] : [plain(item)];
    });
  }
}

function quoted(words: Words): string {
  return words.map((word) => (/^[^\s'"]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}
