// The disk that fails on order (tests/fault/faildisk.c): its control file.
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";

export const ENOSPC = 28;
export const EIO = 5;
export const ops = { write: 1, sync: 2, grow: 4, make: 8 };

export interface Failure {
  error: number;
  operations: number;
  file?: string; // what the path below the data directory begins with
  once?: boolean;
  short?: boolean;
  skip?: number;
}

/** The control file of faildisk.c: struct control. */
export class Disk {
  private fd: number;
  failures = 0;
  calls = 0; // that failed
  constructor(readonly path: string) {
    writeFileSync(path, Buffer.alloc(128));
    this.fd = openSync(path, "r+");
  }
  fail(f: Failure) {
    const b = Buffer.alloc(128);
    b.writeInt32LE(f.operations, 4);
    b.writeInt32LE(f.once ? 1 : 0, 8);
    b.writeInt32LE(f.short ? 1 : 0, 12);
    b.writeBigInt64LE(BigInt(f.skip ?? 0), 16);
    b.write(f.file ?? "", 32, "utf8");
    writeSync(this.fd, b, 0, 128, 0);
    b.writeInt32LE(f.error, 0);
    writeSync(this.fd, b, 0, 4, 0);
    this.failures++;
  }
  /** Well again; how many calls failed. */
  heal(): number {
    const b = Buffer.alloc(128);
    writeSync(this.fd, b, 0, 4, 0);
    readSync(this.fd, b, 0, 128, 0);
    const failed = Number(b.readBigInt64LE(24));
    this.calls += failed;
    return failed;
  }
  close() {
    closeSync(this.fd);
  }
}
