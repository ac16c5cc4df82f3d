/** What a server holds, in a form that can be compared with another's. */
import { Crc64 } from "../../base/crc64.ts";
import { ReplyError } from "../../base/reply-error.ts";
import { RedisConnection } from "../../client/connection.ts";
import type { Io } from "../../io/io.ts";
import type { Endpoint } from "../../io/net.ts";
import type { Reply } from "../../resp/reply-reader.ts";
import type { NodeData, Value, WriterHistory } from "./history.ts";
import { keyOf } from "./writers.ts";

const BATCH = 1000;
const ANSWER_WITHIN_MS = 30_000;

export async function withConnection<T>(
  io: Io,
  { host, port }: Endpoint,
  strings: "utf8" | "buffer",
  use: (connection: RedisConnection) => Promise<T>,
): Promise<T> {
  const options = { strings, connectTimeoutMs: 2000, timeoutMs: ANSWER_WITHIN_MS };
  const connection = await RedisConnection.open(io, { host, port }, options);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

/** The number of keys in all databases together, and a digest of everything; without an answer only the port. */
export async function readNodeData(io: Io, node: Endpoint): Promise<NodeData> {
  const { port } = node;
  try {
    return await withConnection(io, node, "buffer", async (connection) => {
      const keys = Number(await connection.call("DBSIZE"));
      return { port, keys, digest: await digestOf(connection) };
    });
  } catch {
    return { port };
  }
}

async function digestOf(connection: RedisConnection): Promise<string> {
  try {
    return String(await connection.call("DEBUG", "DIGEST"));
  } catch (error) {
    // DEBUG is a matter of permission. Without it every key is read, which takes longer and says the same.
    if (!(error instanceof ReplyError)) throw error;
    return await ownDigest(connection);
  }
}

/** Key by key, whatever the order in which SCAN gives them: the sum of a checksum of each key with its value. */
async function ownDigest(connection: RedisConnection): Promise<string> {
  let low = 0;
  let high = 0;
  let cursor = "0";
  const checksum = new Crc64();
  do {
    const [next, keys] = (await connection.call("SCAN", cursor, "COUNT", BATCH)) as [Buffer, Buffer[]];
    const values = await Promise.all(keys.map((key) => readValue(connection, key)));
    for (const [i, key] of keys.entries()) {
      checksum.reset();
      checksum.update(Buffer.from(`${key.length}:`));
      checksum.update(key);
      checksum.update(values[i]!);
      low = (low + checksum.low) >>> 0;
      high = (high + checksum.high) >>> 0;
    }
    cursor = String(next);
  } while (cursor !== "0");
  return Buffer.from(Uint32Array.of(high, low).buffer).toString("hex");
}

/** A string's own bytes; of any other type the portable form. */
async function readValue(connection: RedisConnection, key: Buffer): Promise<Buffer> {
  const type = String(await connection.call("TYPE", key));
  const value = await connection.call(type === "string" ? "GET" : "DUMP", key);
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value));
}

/** The acknowledged values that the server does not have. */
export async function missingValues(
  io: Io,
  node: Endpoint,
  run: string,
  writers: readonly WriterHistory[],
): Promise<Value[]> {
  const missing: Value[] = [];
  await withConnection(io, node, "utf8", async (connection) => {
    for (const { name, acks } of writers) {
      for (let from = 0; from < acks.length; from += BATCH) {
        const batch = acks.slice(from, from + BATCH);
        const keys = batch.map((ack) => keyOf(run, name, ack.sequence));
        const values = (await connection.call("MGET", ...keys)) as Reply[];
        for (const [i, { sequence }] of batch.entries()) {
          if (values[i] !== String(sequence)) missing.push({ writer: name, sequence });
        }
      }
    }
  });
  return missing;
}

/** Takes the drill's own keys away again, those of unknown fate too. */
export async function removeValues(
  io: Io,
  node: Endpoint,
  run: string,
  writers: readonly WriterHistory[],
): Promise<void> {
  await withConnection(io, node, "utf8", async (connection) => {
    for (const { name, acks, errors } of writers) {
      const failed = [...errors.values()].reduce((sum, count) => sum + count, 0);
      const end = acks.length + failed + 1;
      for (let from = 0; from < end; from += BATCH) {
        const keys = Array.from({ length: Math.min(BATCH, end - from) }, (_, i) => keyOf(run, name, from + i));
        await connection.call("UNLINK", ...keys);
      }
    }
  });
}
