import type { Endpoint } from "../io/net.ts";

/**
 * Why a connection could not be had, ended, or did not answer:
 * - `refused`: the host is there and nobody listens; `reset`: the other side broke it, as a dying process does;
 * - `closed`: the other side ended it in good order; `unreachable`: any other failure of the network or the name;
 * - `timeout`: connecting or an answer took too long; `handshake`: the server did not let us in;
 * - `protocol`: what it said is not RESP; `overload`: more unsent than we allow; `local`: we closed it.
 */
export type ConnectionErrorKind =
  | "refused"
  | "reset"
  | "closed"
  | "unreachable"
  | "timeout"
  | "handshake"
  | "protocol"
  | "overload"
  | "local";

/** What went wrong between us and a server; what the server itself says is a `ReplyError`. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly kind: ConnectionErrorKind;
  /** Whether the request may have reached the server, so that it may or may not have been carried out. */
  readonly maybeExecuted: boolean;
  /** As POSIX names it: ECONNREFUSED, ECONNRESET, ... */
  readonly code: string | undefined;

  constructor(kind: ConnectionErrorKind, message: string, options: { maybeExecuted?: boolean; cause?: Error } = {}) {
    super(message, options.cause ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.maybeExecuted = options.maybeExecuted ?? false;
    this.code = (options.cause as { code?: string } | undefined)?.code;
  }
}

export function endpointName(endpoint: Endpoint): string {
  if (endpoint.path !== undefined) return endpoint.path;
  return endpoint.host.includes(":") ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

const kinds: Record<string, [kind: ConnectionErrorKind, said: string]> = {
  ECONNREFUSED: ["refused", "refused the connection"],
  ENOENT: ["refused", "refused the connection: no such socket"],
  ECONNRESET: ["reset", "reset the connection"],
  EPIPE: ["reset", "reset the connection"],
  ETIMEDOUT: ["timeout", "did not answer in time"],
};

/** What the network reported, as an error that names the server and the cause. */
export function networkError(endpoint: Endpoint, cause: (Error & { code?: string }) | undefined): ConnectionError {
  const name = endpointName(endpoint);
  if (cause === undefined) return new ConnectionError("closed", `${name} closed the connection`);
  const known = kinds[cause.code ?? ""];
  if (known) return new ConnectionError(known[0], `${name} ${known[1]}`, { cause });
  return new ConnectionError("unreachable", `${name} cannot be reached: ${cause.message}`, { cause });
}
