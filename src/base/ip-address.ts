/** Whether a text is an IP address, as inet_pton(3) reads it. */

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

function isIpv4(text: string): boolean {
  const bytes = text.split(".");
  return bytes.length === 4 && bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) < 256);
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2 || !text.includes(":")) return false;
  // What stands for two groups, at the very end.
  const four = /(?:^|:)([^:]*\.[^:]*)$/.exec(text);
  if (four !== null && !isIpv4(four[1]!)) return false;
  const plain = four === null ? text : `${text.slice(0, text.length - four[1]!.length)}0:0`;
  const groups = plain.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (!groups.flat().every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = groups.flat().length;
  return halves.length === 2 ? count < 8 : count === 8;
}
