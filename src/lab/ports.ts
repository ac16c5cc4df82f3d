import type { Net } from "../io/net.ts";

/** The first `count` ports from `from` upward that nobody listens on. They stay free only as long as nobody takes them. */
export async function freePorts(net: Net, host: string, from: number, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = from; ports.length < count; port++) {
    if (port > 65535) throw new Error(`no ${count} free ports from ${from} upward`);
    if (await isFree(net, host, port)) ports.push(port);
  }
  return ports;
}

async function isFree(net: Net, host: string, port: number): Promise<boolean> {
  try {
    const listener = await net.listen({ host, port }, (socket) => socket.destroy());
    await listener.close();
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "EADDRINUSE" || code === "EACCES") return false;
    throw error;
  }
}
