// Processes of a test by what they are: finding, counting and killing them.
import { readdirSync, readFileSync } from "node:fs";

export const pause = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

/** The processes that the supervisor started, by what they are. */
export function childOf(supervisor: number, what: string): number | null {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
      if (Number(parent?.[1]) === supervisor && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(what)) return Number(pid);
    } catch {
      // gone meanwhile
    }
  }
  return null;
}

export const groupLives = (pgid: number) =>
  readdirSync("/proc").some((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
      return Number(fields[2]) === pgid && fields[0] !== "Z";
    } catch {
      return false;
    }
  });

export const kill = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone already
  }
};

/** All children of a process. */
export function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) === parent;
      } catch {
        return false; // gone meanwhile
      }
    });
}

/** Memory that a process holds, in MiB; 0 when it is gone. */
export function residentMib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
