/** The same requests to a nines server and to a real redis-server: they must answer alike. */
import assert from "node:assert/strict";
import { splitWords } from "../../src/base/words.ts";
import { withRedis } from "../rdb/real-redis.ts";
import { RespClient } from "../server/resp-client.ts";
import { withServer } from "../server/with-server.ts";

export { noRedis } from "../rdb/real-redis.ts";

export interface Both {
  /** Sends a line to both and compares the answers, after `mask` has taken out what may differ. */
  same(line: string, mask?: (reply: string) => string): Promise<void>;
  /** Sends it to both, whatever they answer. */
  tell(line: string): Promise<void>;
  readonly ours: RespClient;
  readonly theirs: RespClient;
}

/**
 * @param directives  of both: `name value` each
 * @param theirs  of the real one alone
 */
export function withBoth(
  protocol: 2 | 3,
  work: (both: Both) => Promise<void>,
  directives: readonly string[] = [],
  theirs: readonly string[] = [],
): Promise<void> {
  return withServer(
    ({ port }) =>
      withRedis(
        async (redis) => {
          const ours = await RespClient.connect(port, protocol);
          const theirs = await RespClient.connect(redis.client.options.port!, protocol);
          const ask = (line: string) => {
            const words = splitWords(line)!;
            return Promise.all([ours.do(...words), theirs.do(...words)]);
          };
          try {
            await work({
              ours,
              theirs,
              async same(line, mask = (reply) => reply) {
                const [our, their] = await ask(line);
                if (!bothTickDown(line, our, their)) assert.equal(mask(our), mask(their), line);
              },
              async tell(line) {
                await ask(line);
              },
            });
          } finally {
            await Promise.all([ours.quit(), theirs.quit()]);
          }
        },
        undefined,
        ["--enable-debug-command", "yes", ...[...directives, ...theirs].flatMap((line) => `--${line}`.split(" "))],
      ),
    { config: directives.join("\n") },
  );
}

const TTL_SLACK_S = 5;

/** Seconds that are left, of which one or the other may have passed while the other server answered. */
function bothTickDown(line: string, our: string, their: string): boolean {
  const [ours, theirs] = [our, their].map((reply) => Number(/^:(\d+)$/.exec(reply)?.[1]));
  return /^TTL /.test(line) && Math.abs(ours! - theirs!) <= TTL_SLACK_S;
}
