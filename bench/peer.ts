// The peer of the single-event figure: PostgreSQL 15 inserting the same JSON durably. A private cluster in a temporary
// folder, unix socket only; pgbench with prepared statements.
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const bin = "/usr/lib/postgresql/15/bin";
const isRoot = process.getuid?.() === 0;

/** PostgreSQL refuses to run as root: then it runs as its own user. */
const run = async (program: string, args: string[]) => {
  const [file, ...rest] = isRoot
    ? ["runuser", "-u", "postgres", "--", join(bin, program), ...args]
    : [join(bin, program), ...args];
  return (await promisify(execFile)(file, rest, { maxBuffer: 16 << 20, cwd: tmpdir() })).stdout;
};

export const schema = `CREATE TABLE event (body jsonb NOT NULL);
CREATE UNIQUE INDEX event_message ON event ((body->>'messageId'));
CREATE INDEX event_subject ON event ((body->>'anonymousId'));`;

// A body of the load generator, with the parts that change; sent whole, as an application would.
export const insert = `\\set m random(1, 9000000000000000)
\\set d random(1, 3000000)
\\set p random(59, 1082)
INSERT INTO event (body) VALUES (('{"anonymousId":"' || lpad((:d)::text, 8, '0') || '-9c1d-4a77-a5e2-52b1c9f00d11","messageId":"' || (:m)::text || '-3f1c-4a01-8b52-000000000000","timestamp":"2026-03-01T05:40:11.023Z","context":{"library":{"name":"bench","version":"1"},"locale":"zh-CN","page":{"path":"/p/linen-dress","title":"Zhihe"},"campaign":{"source":"wechat"}},"type":"track","event":"Product Viewed","properties":{"product_id":"K1042-03-M","price":' || (:p)::text || '.00,"quantity":1,"position":7,"currency":"CNY"}}')::jsonb);
`;

export interface Peer {
  settings: string;
  insertsPerSecond(seconds: number): Promise<number>;
  /** What the disk can do: one writer that appends 430 bytes and syncs, again and again. */
  appendsPerSecond(seconds: number): number;
  stop(): Promise<void>;
}

export async function startPeer(): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), "zhixin-bench-pg-"));
  const data = join(folder, "data");
  const script = join(folder, "insert.sql");
  writeFileSync(script, insert);
  chmodSync(folder, 0o755);
  if (isRoot) execFileSync("chown", ["-R", "postgres", folder]);
  await run("initdb", ["-D", data, "-A", "trust", "-U", "bench", "--no-locale", "-E", "UTF8"]);
  const options = `-c listen_addresses='' -c unix_socket_directories=${folder} -c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=4GB`;
  await run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", options, "start"]);
  const connect = ["-h", folder, "-U", "bench"];
  await run("psql", [...connect, "-d", "postgres", "-q", "-c", schema]);
  const shown = await run("psql", [
    ...connect,
    "-d",
    "postgres",
    "-At",
    "-F",
    "=",
    "-c",
    "SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('fsync','synchronous_commit','wal_sync_method','full_page_writes','shared_buffers','max_wal_size','commit_delay','server_version') ORDER BY 1",
  ]);
  return {
    settings: shown.trim().replaceAll("\n", ", "),
    insertsPerSecond: async (seconds) => {
      const out = await run("pgbench", [
        ...connect,
        "-n",
        "-M",
        "prepared",
        "-c",
        "16",
        "-j",
        "2",
        "-T",
        String(seconds),
        "-f",
        script,
        "postgres",
      ]);
      return Number(/tps = ([\d.]+)/.exec(out)?.[1]);
    },
    appendsPerSecond: (seconds) => {
      const fd = openSync(join(folder, "append"), "w");
      const bytes = Buffer.alloc(430, "x");
      const until = performance.now() + seconds * 1000;
      let count = 0;
      for (; performance.now() < until; count++) {
        writeSync(fd, bytes);
        fdatasyncSync(fd);
      }
      closeSync(fd);
      return count / seconds;
    },
    stop: async () => {
      await run("pg_ctl", ["-D", data, "-m", "immediate", "stop"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
