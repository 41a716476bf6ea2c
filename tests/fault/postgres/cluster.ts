// A private PostgreSQL server of one test file (tools/postgres.sh): started, killed as a whole, started again, followed by a
// standby, promoted, removed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../harness";
import { childrenOf, kill, pause } from "../processes";

const tool = (...args: string[]) => execFileSync(join(root, "tools", "postgres.sh"), args, { encoding: "utf8", timeout: 120_000 }).trim();

export const freePort = () =>
  new Promise<number>((found, failed) => {
    const server = createServer().once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });

const isGone = (pid: number) => {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
};

export class Cluster {
  private constructor(
    readonly folder: string,
    /** By unix socket, for the test itself. */
    readonly url: string,
    readonly port: number,
  ) {}

  /** `env`: of its processes; `options`: as its command line takes them. */
  static async start(options: string[] = []): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), "zhixin-pg-"));
    const port = await freePort();
    return new Cluster(folder, tool("start", folder, "--port", String(port), ...options), port);
  }

  async standby(options: string[] = []): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), "zhixin-pg-"));
    const port = await freePort();
    return new Cluster(folder, tool("standby", folder, this.folder, "--port", String(port), ...options), port);
  }

  sql(statement: string, url = this.url): string {
    return execFileSync("psql", ["-X", "-q", "-A", "-t", url, "-c", statement], { encoding: "utf8" }).trim();
  }

  private postmaster = () => Number(readFileSync(join(this.folder, "data", "postmaster.pid"), "utf8").split("\n")[0]);

  /** kill -9 of the server and all its processes; returns when none is left. */
  async kill() {
    const parent = this.postmaster();
    const all = [parent, ...childrenOf(parent)];
    for (const pid of all) kill(pid);
    while (!all.every(isGone)) await pause(2);
  }

  again = () => tool("again", this.folder);
  promote = () => tool("promote", this.folder);
  stop = (how = "immediate") => tool("stop", this.folder, how);
}
