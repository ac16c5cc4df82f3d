/** Where an instance is: the name it was given and the IP address behind it. */
export interface Address {
  /** A host name or an IP address, as configured or reported. */
  readonly host: string;
  /** Always an IP address; "" while the name is not resolved. */
  readonly ip: string;
  readonly port: number;
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/;

export function isIp(host: string): boolean {
  return IPV4.test(host) || (IPV6.test(host) && host.split(":").length >= 3);
}

/** The same place, by address or, where one is not resolved, by name. */
export function sameAddress(a: Address, b: Address): boolean {
  if (a.port !== b.port) return false;
  return (a.ip !== "" && a.ip === b.ip) || a.host.toLowerCase() === b.host.toLowerCase();
}

/** `host:port`, an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
