// A private PostgreSQL server of one test file (tools/postgres.sh): started, killed as a whole, started again, followed by a
// standby, promoted, removed.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, patience, root } from "../../harness";
import { childrenOf, kill, pause } from "../processes";

/** Clients go on meanwhile. */
const run = async (args: string[], env: Record<string, string> = {}) =>
  (await promisify(execFile)(join(root, "tools", "postgres.sh"), args, { timeout: 600_000 * patience, env: { ...process.env, ...env } })).stdout.trim();

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
    private env: Record<string, string> = {},
  ) {}

  static newFolder = () => mkdtempSync(join(tmpdir(), "zhixin-pg-"));

  /** `options` as its command line takes them, `env` of its processes. */
  static async start(options: string[] = [], env: Record<string, string> = {}, folder = Cluster.newFolder()): Promise<Cluster> {
    const port = await freePort();
    return new Cluster(folder, await run(["start", folder, "--port", String(port), ...options], env), port, env);
  }

  /** A streaming standby of this one, on a port that is given. */
  async standby(port: number): Promise<Cluster> {
    const folder = Cluster.newFolder();
    return new Cluster(folder, await run(["standby", folder, this.folder, "--port", String(port)]), port);
  }

  sql(statement: string, url = this.url): string {
    return execFileSync("psql", ["-X", "-q", "-A", "-t", url, "-c", statement], { encoding: "utf8" }).trim();
  }

  private postmaster = () => Number(readFileSync(join(this.folder, "data", "postmaster.pid"), "utf8").split("\n")[0]);

  /** kill -9 of the server and all its processes; returns when none is left. Where nobody reaps orphans their numbers stay taken,
   *  and what locks the folder by such a number goes too. */
  async kill() {
    const parent = this.postmaster();
    const all = [parent, ...childrenOf(parent)];
    for (const pid of all) kill(pid);
    while (!all.every(isGone)) await pause(2);
    for (const lock of [join("data", "postmaster.pid"), `.s.PGSQL.${this.port}.lock`]) rmSync(join(this.folder, lock), { force: true });
  }

  again = () => run(["again", this.folder], this.env);
  promote = () => run(["promote", this.folder]);
  stop = (how = "immediate") => run(["stop", this.folder, how]);
}
