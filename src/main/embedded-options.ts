/** Options as a program hands them in, which may be JavaScript: one that is wrong is named before anything is started. */

/** What is wrong with a value, as the end of "`port` is to be ..."; undefined if nothing is. */
type Rule = (value: unknown) => string | undefined;
type Rules = Readonly<Record<string, Rule>>;

const whole =
  (least: number, most = Number.POSITIVE_INFINITY): Rule =>
  (value) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return undefined;
    return `a whole number from ${least} ${most === Number.POSITIVE_INFINITY ? "on" : `to ${most}`}`;
  };

const kind =
  (what: string, is: (value: unknown) => boolean): Rule =>
  (value) =>
    is(value) ? undefined : what;

const NODE: Rules = {
  port: whole(0, 65_535),
  config: kind("an object: directives by name", (value) => typeof value === "object" && !Array.isArray(value)),
  log: kind("a function that takes a line", (value) => typeof value === "function"),
  clock: kind("a TestClock", (value) => typeof (value as { now?: unknown }).now === "function"),
  name: kind("a name: letters, digits, and . - _", (value) => typeof value === "string" && /^[\w.-]+$/.test(value)),
  tls: kind(
    "true, false, or { ca, certificate, key }",
    (value) =>
      typeof value === "boolean" ||
      ["ca", "certificate", "key"].every((part) => typeof (value as Record<string, unknown>)[part] === "string"),
  ),
};

const REPLICA_SET: Rules = { ...NODE, replicas: whole(0) };

/** By the function that takes them. */
const RULES = {
  startServer: NODE,
  startReplicaSet: REPLICA_SET,
  startSentinelGroup: {
    ...REPLICA_SET,
    sentinels: whole(1),
    quorum: whole(1),
    downAfterMs: whole(1),
    failoverTimeoutMs: whole(1),
  },
  startCluster: { ...REPLICA_SET, shards: whole(1), nodeTimeoutMs: whole(1) },
} satisfies Record<string, Rules>;

/** @throws TypeError  that names the option */
export function checkOptions(of: keyof typeof RULES, options: object): void {
  if (typeof options !== "object" || options === null) throw new TypeError(`${of}: the options are to be an object`);
  const rules: Rules = RULES[of];
  for (const [name, value] of Object.entries(options)) {
    const rule = rules[name];
    if (rule === undefined) {
      throw new TypeError(`${of}: there is no option '${name}'; there are ${Object.keys(rules).join(", ")}`);
    }
    const wanted = value === undefined ? undefined : rule(value ?? {});
    if (wanted !== undefined) throw new TypeError(`${of}: ${name} is to be ${wanted}, not ${shown(value)}`);
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
