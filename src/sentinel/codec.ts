/** What Sentinels say to each other, and what servers say of themselves in INFO. */

export const HELLO_CHANNEL = "__sentinel__:hello";

/** "I am here, and this is the master as I know it": how Sentinels find each other and spread a new configuration. */
export interface Hello {
  readonly host: string;
  readonly port: number;
  readonly runid: string;
  readonly currentEpoch: number;
  readonly masterName: string;
  readonly masterHost: string;
  readonly masterPort: number;
  readonly configEpoch: number;
}

export function encodeHello(hello: Hello): string {
  const { host, port, runid, currentEpoch, masterName, masterHost, masterPort, configEpoch } = hello;
  return [host, port, runid, currentEpoch, masterName, masterHost, masterPort, configEpoch].join(",");
}

/** @returns  null for what is not a hello */
export function parseHello(text: string): Hello | null {
  const words = text.split(",");
  if (words.length !== 8) return null;
  const [host, port, runid, currentEpoch, masterName, masterHost, masterPort, configEpoch] = words as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const hello: Hello = {
    host,
    port: wholeNumber(port),
    runid,
    currentEpoch: wholeNumber(currentEpoch),
    masterName,
    masterHost,
    masterPort: wholeNumber(masterPort),
    configEpoch: wholeNumber(configEpoch),
  };
  const numbers = [hello.port, hello.currentEpoch, hello.masterPort, hello.configEpoch];
  return host === "" || runid === "" || numbers.some(Number.isNaN) ? null : hello;
}

/** A number >= 0 that a double holds exactly, or NaN. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,16}$/.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** The lines of INFO that matter here; what it does not say is null. */
export interface ServerInfo {
  runid: string | null;
  role: "master" | "slave" | null;
  slaves: { host: string; port: number }[];
  masterHost: string | null;
  masterPort: number | null;
  masterLinkUp: boolean | null;
  /** Negative if it has not been up since that server started. */
  masterLinkDownMs: number;
  priority: number | null;
  offset: number | null;
  announced: boolean | null;
  handover: "none" | "running" | null;
  /** Whether any database has keys. */
  hasKeys: boolean;
}

export function parseInfo(text: string): ServerInfo {
  const info: ServerInfo = {
    runid: null,
    role: null,
    slaves: [],
    masterHost: null,
    masterPort: null,
    masterLinkUp: null,
    masterLinkDownMs: 0,
    priority: null,
    offset: null,
    announced: null,
    handover: null,
    hasKeys: false,
  };
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) readField(info, line.slice(0, colon), line.slice(colon + 1));
  }
  return info;
}

function readField(info: ServerInfo, name: string, value: string): void {
  switch (name) {
    case "run_id":
      if (value.length === 40) info.runid = value;
      return;
    case "role":
      if (value === "master" || value === "slave") info.role = value;
      return;
    case "master_host":
      info.masterHost = value;
      return;
    case "master_port":
      info.masterPort = Number.parseInt(value, 10) || 0;
      return;
    case "master_link_status":
      info.masterLinkUp = value === "up";
      return;
    case "master_link_down_since_seconds":
      info.masterLinkDownMs = (Number.parseInt(value, 10) || 0) * 1000;
      return;
    case "slave_priority":
      info.priority = Number.parseInt(value, 10) || 0;
      return;
    case "slave_repl_offset":
      info.offset = Number(value) || 0;
      return;
    case "replica_announced":
      info.announced = value !== "0";
      return;
    case "master_failover_state":
      info.handover = value === "no-failover" ? "none" : "running";
      return;
    default:
      if (/^db\d+$/.test(name)) info.hasKeys = true;
      if (/^slave\d+$/.test(name)) readSlave(info, value);
  }
}

/** `ip=127.0.0.1,port=6380,...`, and in old servers `127.0.0.1,6380,online`. */
function readSlave(info: ServerInfo, value: string): void {
  const named = new Map(value.split(",").map((part) => part.split("=", 2) as [string, string | undefined]));
  const words = value.split(",");
  const host = named.has("ip") ? named.get("ip") : words[0];
  const port = Number.parseInt((named.has("ip") ? named.get("port") : words[1]) ?? "", 10);
  if (host && port > 0) info.slaves.push({ host, port });
}
