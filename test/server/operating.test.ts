import assert from "node:assert/strict";
import { test } from "node:test";
import { withServer } from "./with-server.ts";

function text(reply: string): string {
  return JSON.parse(reply) as string;
}

/** The fields of a section, in their order. */
function fields(info: string): string[] {
  return info
    .split("\r\n")
    .filter((line) => line.includes(":"))
    .map((line) => line.slice(0, line.indexOf(":")));
}

function titles(info: string): string[] {
  return info.split("\r\n").filter((line) => line.startsWith("# "));
}

test("INFO's sections", () =>
  withServer(async ({ client }) => {
    const c = await client();
    const usual = ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules"];
    const rest = ["Errorstats", "Cluster", "Keyspace"];
    const byDefault = [...usual, ...rest].map((title) => `# ${title}`);
    assert.deepEqual(titles(text(await c.line("INFO"))), byDefault);
    assert.deepEqual(titles(text(await c.line("INFO default"))), byDefault);
    const all = [...usual, "Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace"];
    assert.deepEqual(
      titles(text(await c.line("INFO EVERYTHING"))),
      all.map((title) => `# ${title}`),
    );
    assert.deepEqual(titles(text(await c.line("INFO keyspace CPU nosuch"))), ["# CPU", "# Keyspace"]);
    assert.equal(text(await c.line("INFO nosuch")), "");
  }));

test("INFO's fields stand in Redis' order, each once", () =>
  withServer(async ({ client }) => {
    const c = await client();
    const all = fields(text(await c.line("INFO")));
    assert.equal(new Set(all).size, all.length);
    const order = (wanted: string) => wanted.split(" ").map((name) => all.indexOf(name));
    for (const names of [
      "redis_version redis_git_sha1 redis_build_id redis_mode os arch_bits process_id run_id tcp_port uptime_in_seconds hz lru_clock executable config_file listener0",
      "connected_clients maxclients blocked_clients tracking_clients clients_in_timeout_table total_blocking_keys",
      "used_memory used_memory_human used_memory_rss used_memory_peak maxmemory maxmemory_policy mem_fragmentation_ratio mem_replication_backlog mem_clients_slaves mem_allocator lazyfree_pending_objects",
      "loading async_loading rdb_changes_since_last_save rdb_bgsave_in_progress aof_enabled aof_rewrite_in_progress",
      "total_connections_received total_commands_processed total_net_input_bytes rejected_connections sync_full sync_partial_ok sync_partial_err expired_keys evicted_keys keyspace_hits pubsub_channels total_forks unexpected_error_replies total_error_replies total_reads_processed acl_access_denied_auth",
      "role connected_slaves master_failover_state master_replid master_replid2 master_repl_offset second_repl_offset repl_backlog_active",
      "used_cpu_sys used_cpu_user",
      "cluster_enabled",
    ]) {
      const positions = order(names);
      assert.ok(!positions.includes(-1), `missing of ${names}: ${positions}`);
      assert.deepEqual(
        [...positions].sort((a, b) => a - b),
        positions,
        names,
      );
    }
  }));

test("INFO counts", () =>
  withServer(async ({ client }) => {
    const c = await client(3);
    await c.line("SET a 1");
    await c.line("SET b 1 EX 100");
    await c.line("GET a");
    await c.line("GET nothing");
    await c.line("GET");
    await c.line("INCR a b");
    await c.line("NOSUCH");
    const info = await c.line("INFO everything");
    assert.match(info, /^=txt:# Server\r\n/);
    assert.match(info, /\r\nkeyspace_hits:1\r\nkeyspace_misses:1\r\n/);
    assert.match(info, /\r\ndb0:keys=2,expires=1,avg_ttl=\d+,subexpiry=0\r\n/);
    assert.match(info, /\r\nerrorstat_ERR:count=3\r\n/);
    assert.match(info, /\r\ntotal_error_replies:3\r\n/);
    assert.match(info, /\r\ncmdstat_get:calls=2,usec=\d+,usec_per_call=[\d.]+,rejected_calls=1,failed_calls=0\r\n/);
    assert.match(info, /\r\nlatency_percentiles_usec_get:p50=[\d.]+,p99=[\d.]+,p99.9=[\d.]+\r\n/);
    await c.line("CONFIG RESETSTAT");
    assert.doesNotMatch(await c.line("INFO commandstats"), /cmdstat_get/);
  }));

test("SLOWLOG keeps the slow commands, cut to its bounds", () =>
  withServer(
    async ({ client }) => {
      const c = await client();
      await c.line("CLIENT SETNAME me");
      await c.line("SLOWLOG RESET");
      await c.do("SET", "k", "x".repeat(200));
      await c.do("MSET", ...Array.from({ length: 40 }, (_, i) => `w${i}`));
      assert.equal(await c.line("SLOWLOG LEN"), ":3");
      const [mset, set] = JSON.parse((await c.line("SLOWLOG GET 3")).replace(/:(\d+)/g, "$1")).slice(1) as unknown[][];
      assert.deepEqual((mset![3] as string[]).slice(30), ["w29", "... (10 more arguments)"]);
      assert.deepEqual(set![3], ["SET", "k", `${"x".repeat(128)}... (72 more bytes)`]);
      assert.equal(Number(mset![0]) - Number(set![0]), 1);
      assert.equal(set![5], "me");
    },
    { config: "slowlog-log-slower-than 0\n" },
  ));

test("SLOWLOG has commands that are quick by nature, too", () =>
  withServer(
    async ({ client }) => {
      const c = await client();
      await c.do("SET", "big", "x".repeat(50_000_000));
      assert.match(
        await c.line("SLOWLOG GET"),
        /^\[\[:0, :\d+, :\d+, \["SET", "big", "x+\.\.\. \(49999872 more bytes\)"\]/,
      );
    },
    { config: "slowlog-log-slower-than 2000\n" },
  ));

test("LATENCY tells of events that took long", () =>
  withServer(
    async ({ client }) => {
      const c = await client(3);
      assert.equal(await c.line("LATENCY LATEST"), "[]");
      await c.line("DEBUG SLEEP 0.3");
      assert.match(await c.line("LATENCY LATEST"), /^\[\["command", :\d+, :3\d\d, :3\d\d\]\]$/);
      assert.match(await c.line("LATENCY HISTORY command"), /^\[\[:\d+, :3\d\d\]\]$/);
      assert.match(
        await c.line("LATENCY GRAPH command"),
        /^=txt:command - high 3\d\d ms, low 3\d\d ms \(all time high 3\d\d ms\)/,
      );
      assert.match(await c.line("LATENCY DOCTOR"), /1\. command: 1 samples/);
      assert.match(
        await c.line("LATENCY HISTOGRAM debug nosuch"),
        /^%\{"debug": %\{"calls": :1, "histogram_usec": %\{:\d+: :1\}\}\}$/,
      );
      assert.equal(await c.line("LATENCY RESET nosuch command"), ":1");
      assert.equal(await c.line("LATENCY GRAPH command"), "-ERR No samples available for event 'command'");
    },
    { config: "latency-monitor-threshold 200\n" },
  ));

test("MEMORY", () =>
  withServer(async ({ client }) => {
    const c = await client();
    await c.do("SET", "key", "x".repeat(1000));
    const bytes = Number((await c.line("MEMORY USAGE key")).slice(1));
    assert.ok(bytes > 1000 && bytes < 1200, `${bytes}`);
    assert.equal(await c.line("MEMORY USAGE nothing"), "$-1");
    assert.equal(await c.line("MEMORY PURGE"), "+OK");
    const stats = JSON.parse((await c.line("MEMORY STATS")).replace(/:(-?\d+)/g, "$1")) as unknown[];
    const value = (name: string) => stats[stats.indexOf(name) + 1];
    assert.equal(value("keys.count"), 1);
    assert.ok((value("dataset.bytes") as number) > 1000);
    assert.equal(stats.length % 2, 0);
    assert.match(text(await c.line("MEMORY DOCTOR")), /hardly any data/);
  }));

test("DEBUG is refused unless it is enabled", () =>
  withServer(
    async ({ client }) => {
      const c = await client();
      assert.match(
        await c.line("DEBUG SLEEP 0"),
        /^-ERR DEBUG command not allowed\. If the enable-debug-command option/,
      );
    },
    { config: "enable-debug-command no\n" },
  ));

test("DEBUG RELOAD brings the same data back, DEBUG POPULATE makes some", () =>
  withServer(async ({ client }) => {
    const c = await client();
    await c.line("DEBUG POPULATE 100 name 20");
    await c.line("SELECT 3");
    await c.line("SET k v EX 1000");
    const digest = await c.line("DEBUG DIGEST");
    assert.match(digest, /^\+[0-9a-f]{40}$/);
    assert.equal(await c.line("DEBUG RELOAD"), "+OK");
    assert.equal(await c.line("DEBUG DIGEST"), digest);
    await c.line("SET k w");
    assert.notEqual(await c.line("DEBUG DIGEST"), digest);
    await c.line("DEBUG RELOAD NOSAVE");
    assert.equal(await c.line("DEBUG DIGEST"), digest);
  }));

test("looking at a key by DEBUG is not using it", () =>
  withServer(async ({ client, server }) => {
    const c = await client();
    await c.line("SET k 1");
    const before = { ...server.engine.stats };
    assert.match(
      await c.line("DEBUG OBJECT k"),
      /^\+Value at:0x[0-9a-f]+ refcount:1 encoding:int serializedlength:2 lru:\d+ lru_seconds_idle:0$/,
    );
    await c.line("DEBUG DIGEST-VALUE k nothing");
    assert.deepEqual({ ...server.engine.stats }, before);
  }));

test("what this server cannot do for DEBUG it says", () =>
  withServer(async ({ client }) => {
    const c = await client();
    assert.equal(await c.line("DEBUG LOADAOF"), "-ERR DEBUG LOADAOF is not supported by this server");
    assert.match(await c.line("DEBUG JMAP"), /^-ERR unknown subcommand or wrong number of arguments for 'JMAP'/);
  }));

test("TIME counts on in microseconds", () =>
  withServer(async ({ client }) => {
    const c = await client();
    let last = 0;
    for (let i = 0; i < 50; i++) {
      const [seconds, micros] = (JSON.parse(await c.line("TIME")) as string[]).map(Number);
      const now = seconds! * 1e6 + micros!;
      assert.ok(now >= last && Math.abs(now / 1000 - Date.now()) < 1000);
      last = now;
    }
  }));

test("LOLWUT draws", () =>
  withServer(async ({ client }) => {
    const c = await client();
    const lines = text(await c.line("LOLWUT VERSION 5 20 4"))
      .trimEnd()
      .split("\n");
    assert.equal(lines.length, 5);
    assert.equal(lines[0]!.length, 20);
    assert.match(lines[4]!, /Redis ver\. 7\.2\.4/);
  }));

test("SHUTDOWN saves if there are save points, and ends the server", () =>
  withServer(
    async ({ client, exits, log, server }) => {
      const c = await client();
      await c.line("SET a 1");
      c.send("SHUTDOWN");
      await c.ended();
      assert.deepEqual(exits, [0]);
      assert.ok(server.io.disk.exists(`${server.config.values.dir}/dump.rdb`));
      const said = log.slice(log.indexOf("User requested shutdown..."));
      assert.deepEqual(said, [
        "User requested shutdown...",
        "Saving the final RDB snapshot before exiting.",
        "DB saved on disk",
        "Redis is now ready to exit, bye bye...",
      ]);
    },
    { config: "save 3600 1\n" },
  ));

test("a SHUTDOWN that cannot save fails, and the server goes on, unless it is forced", () =>
  withServer(async ({ client, exits, server }) => {
    server.io.disk.replaceSync = () => {
      throw new Error("disk full");
    };
    const c = await client();
    c.send("SHUTDOWN", "SAVE");
    c.send("PING");
    assert.equal(await c.reply(), "-ERR Errors trying to SHUTDOWN. Check logs.");
    assert.equal(await c.reply(), "+PONG");
    assert.deepEqual(exits, []);
    assert.equal(await c.line("SHUTDOWN ABORT"), "-ERR No shutdown in progress.");
    c.send("SHUTDOWN", "SAVE", "FORCE");
    await c.ended();
    assert.deepEqual(exits, [0]);
  }));

test("COMMAND tells where keys are, in either protocol", () =>
  withServer(async ({ client }) => {
    const [two, three] = [await client(2), await client(3)];
    assert.match(
      await two.line("COMMAND INFO get"),
      /^\[\["get", :2, \[\+readonly, \+fast\], :1, :1, :1, \[\+@read, \+@string, \+@fast\], \[\], \[\["flags", /,
    );
    assert.match(
      await three.line("COMMAND INFO get"),
      /^\[\["get", :2, ~\[\+readonly, \+fast\], :1, :1, :1, .*%\{"flags": ~\[\+RO, \+access\], /,
    );
    assert.equal(await two.line("COMMAND GETKEYS MSET a 1 b 2"), '["a", "b"]');
    assert.equal(await three.line("COMMAND GETKEYSANDFLAGS SET a b GET"), '[["a", ~[+RW, +access, +update]]]');
    const docs = await three.line("COMMAND DOCS client|kill");
    assert.match(docs, /^%\{"client\|kill": %\{"summary": ".*", "since": "2\.4\.0", "group": "connection", /);
    const count = Number((await two.line("COMMAND COUNT")).slice(1));
    assert.equal(
      (JSON.parse(await two.line("COMMAND LIST FILTERBY ACLCAT connection")) as string[]).includes("auth"),
      true,
    );
    assert.ok(count > 100);
  }));

test("a client that came while a password was asked for gets in when none is any more", () =>
  withServer(
    async ({ client }) => {
      const [admin, early] = [await client(), await client()];
      await admin.line("AUTH secret");
      assert.equal(await early.line("PING"), "-NOAUTH Authentication required.");
      assert.equal(await admin.do("CONFIG", "SET", "requirepass", ""), "+OK");
      assert.equal(await early.line("PING"), "+PONG");
      assert.equal(await early.do("SET", "k", "x".repeat(20_000)), "+OK");
    },
    { config: "requirepass secret\n" },
  ));
