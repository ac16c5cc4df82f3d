/** The network as one process sees it. */
import type {
  ConnectOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Net,
  Socket,
  TlsContext,
  TlsOptions,
} from "../src/io/net.ts";
import type { Host, Network } from "./net.ts";
import type { SimProcess } from "./process.ts";
import { netError, SimSocket } from "./socket.ts";

export class ProcessNet implements Net {
  readonly #network: Network;
  readonly #host: Host;
  readonly #process: SimProcess;

  constructor(network: Network, host: Host, process: SimProcess) {
    this.#network = network;
    this.#host = host;
    this.#process = process;
  }

  async listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const host = this.#host;
    if (!["0.0.0.0", host.address].includes(options.host)) throw netError("EADDRNOTAVAIL");
    const endpoint = this.#network.listen(host, this.#process, options, onConnection);
    return {
      endpoint,
      close: async () => {
        if (host.ports.get(endpoint.port)?.process === this.#process) host.ports.delete(endpoint.port);
      },
    };
  }

  connect(endpoint: Endpoint, options: ConnectOptions = {}): Socket {
    const host = this.#host;
    const local = { host: host.address, port: host.takePort() };
    const socket = new SimSocket(this.#network, host, this.#process, local, endpoint);
    socket.connectTo(options.timeoutMs);
    return socket;
  }

  /** Who would read along here? */
  secure({ clientCertificates }: TlsOptions): TlsContext {
    return { clientCertificates };
  }

  /** All names are addresses here. */
  async resolve(host: string): Promise<string[]> {
    return [host];
  }
}
