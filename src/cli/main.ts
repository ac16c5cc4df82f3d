#!/usr/bin/env node
/**
 * The `nines` command. `server` and `sentinel` take the words of redis-server and go straight to the server, which loads
 * nothing else: it must be ready in the blink of an eye. The commands for people are in `program.ts`.
 */
import { loadCompiledServer } from "../main/compiled-server.ts";

const [command, ...rest] = process.argv.slice(2);

if (command === "server" || command === "sentinel") {
  const { runServer, runSentinel } =
    loadCompiledServer(new URL(".", import.meta.url)) ?? (await import("../main/server.ts"));
  await (command === "server" ? runServer(rest) : runSentinel(rest));
} else {
  const { runProgram } = await import("./program.ts");
  await runProgram(process.argv);
}
