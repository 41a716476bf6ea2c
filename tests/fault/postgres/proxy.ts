// A proxy between the program and PostgreSQL that misbehaves on order. It reads just enough of the wire protocol (version 3.0,
// postgresql.org/docs/15/protocol-message-formats.html) to aim: at a message of the program before it is passed on, in its middle,
// or after it, when the server has it and the answer is about to come back, or has come half.
import { createServer, connect, type Server, type Socket } from "node:net";

/** "gone": cut, and who comes is refused for a while. The others are chosen by chance. */
export type Action = "cut" | "reset" | "blackhole" | "half-open" | "delay" | "gone";
export const actions: Action[] = ["cut", "reset", "blackhole", "half-open", "delay"];
export type Place = "before" | "inside" | "after" | "in the reply";
export const places: Place[] = ["before", "inside", "after", "in the reply"];

/** A message of the program: its type byte, "startup" or "ssl"; and the SQL of a query, of a statement to be prepared, or, of a
 *  sync, of the statement that was prepared last before it; of a bind the name of what was prepared. */
export interface Message {
  type: string;
  sql: string;
}

export interface Fault {
  action: Action;
  place: Place;
  at: (m: Message) => boolean;
  /** So many messages that fit are let by first. */
  skip: number;
  /** How long it lasts: a blackhole, a delay, to be gone. */
  ms: number;
}

/** A commit, at a place of it: the program sends COMMIT as the last statement of a pipeline, which the sync ends. */
export const ofCommit = (place: Place) => (m: Message) => m.sql === "COMMIT" && m.type === (place === "before" ? "P" : "S");

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

class Line {
  waitsForReply = false; // the fault strikes with the next bytes from the server
  halfReply = false;
  dead = false; // half-open: both ends stay, nothing passes
  private gathered = Buffer.alloc(0);
  private started = false;
  private parsed = ""; // since the last sync
  server: Socket;
  constructor(
    readonly proxy: FaultProxy,
    readonly client: Socket,
  ) {
    this.server = connect(proxy.target, "127.0.0.1");
    for (const socket of [client, this.server]) {
      proxy.sockets.add(socket);
      socket.setNoDelay(true).on("error", () => this.end());
      socket.on("close", () => proxy.sockets.delete(socket));
    }
    client.on("data", (bytes) => this.fromClient(bytes));
    this.server.on("data", (bytes) => this.fromServer(bytes));
    client.on("end", () => this.server.end());
    client.on("close", () => this.server.destroy());
    this.server.on("end", () => !this.dead && client.end());
    this.server.on("close", () => {
      if (!this.dead) client.destroySoon();
      proxy.lines.delete(this);
    });
  }

  end(reset = false) {
    this.dead = true;
    for (const socket of [this.client, this.server])
      if (reset) socket.resetAndDestroy();
      else socket.end(() => socket.destroy());
    this.proxy.lines.delete(this);
  }

  /** Passes bytes on when nothing is held back, in order. */
  private pass(to: Socket, bytes: Buffer) {
    if (this.dead || this.proxy.swallows || bytes.length === 0) return;
    if (!this.proxy.held) {
      if (to.writable) to.write(bytes);
      return;
    }
    void this.proxy.held.then(() => {
      if (to.writable && !this.dead) to.write(bytes);
    });
  }

  private fromServer(bytes: Buffer) {
    if (!this.waitsForReply) return this.pass(this.client, bytes);
    this.waitsForReply = false;
    const part = this.halfReply ? Math.floor(bytes.length / 2) : 0;
    this.pass(this.client, bytes.subarray(0, part));
    const rest = bytes.subarray(part);
    this.proxy.strike(this, () => this.pass(this.client, rest));
  }

  private fromClient(bytes: Buffer) {
    this.gathered = Buffer.concat([this.gathered, bytes]);
    for (let whole = this.next(); whole; whole = this.next()) this.message(whole.bytes, whole.message);
  }

  /** The next whole message. */
  private next(): { bytes: Buffer; message: Message } | null {
    const head = this.started ? 1 : 0;
    if (this.gathered.length < head + 4) return null;
    const length = head + this.gathered.readInt32BE(head);
    if (this.gathered.length < length) return null;
    const bytes = this.gathered.subarray(0, length);
    this.gathered = this.gathered.subarray(length);
    if (this.started) return { bytes, message: { type: String.fromCharCode(bytes[0]), sql: this.sqlOf(bytes) } };
    const code = bytes.readInt32BE(4);
    this.started = code !== SSL_REQUEST && code !== GSS_REQUEST;
    return { bytes, message: { type: this.started ? "startup" : "ssl", sql: "" } };
  }

  private sqlOf(bytes: Buffer): string {
    if (bytes[0] === 0x51) return bytes.subarray(5, -1).toString("utf8"); // Query
    if (bytes[0] === 0x53) {
      const last = this.parsed; // Sync
      this.parsed = "";
      return last;
    }
    if (bytes[0] === 0x42) {
      const statement = bytes.indexOf(0, 5) + 1; // Bind: portal, name of the statement
      return bytes.subarray(statement, bytes.indexOf(0, statement)).toString("utf8");
    }
    if (bytes[0] !== 0x50) return "";
    const name = bytes.indexOf(0, 5); // Parse: name, text
    this.parsed = bytes.subarray(name + 1, bytes.indexOf(0, name + 1)).toString("utf8");
    return this.parsed;
  }

  private message(bytes: Buffer, message: Message) {
    const fault = this.proxy.fits(message);
    if (!fault) return this.pass(this.server, bytes);
    if (fault.place === "after" || fault.place === "in the reply") {
      this.halfReply = fault.place === "in the reply";
      this.waitsForReply = true;
      return this.pass(this.server, bytes);
    }
    const part = fault.place === "inside" ? Math.floor(bytes.length / 2) : 0;
    this.pass(this.server, bytes.subarray(0, part));
    this.proxy.strike(this, () => this.pass(this.server, bytes.subarray(part)));
  }
}

export class FaultProxy {
  lines = new Set<Line>();
  sockets = new Set<Socket>(); // those that are half-open too
  swallows = false;
  refuses = false;
  held: Promise<void> | null = null;
  private armed: Fault | null = null;
  private chosen: Fault | null = null;
  private over: (() => void) | null = null;
  private constructor(
    private server: Server,
    readonly port: number,
    public target: number,
  ) {}

  static async start(target: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((up) => server.listen(0, "127.0.0.1", () => up()));
    const proxy = new FaultProxy(server, (server.address() as { port: number }).port, target);
    server.on("connection", (client) => (proxy.refuses ? client.resetAndDestroy() : proxy.lines.add(new Line(proxy, client))));
    return proxy;
  }

  /** Resolves when the fault has struck and traffic passes again; `waitMs` without a message that fits: it strikes a line that is there. */
  async fault(fault: Fault, waitMs: number): Promise<void> {
    const done = new Promise<void>((over) => {
      this.over = over;
    });
    this.chosen = fault;
    this.armed = { ...fault };
    const timer = setTimeout(() => {
      const pending = [...this.lines].find((line) => line.waitsForReply); // its answer never came
      if (pending) pending.waitsForReply = false;
      this.armed = null;
      const line = pending ?? [...this.lines][0];
      if (this.over && line) this.strike(line, () => {});
      else this.finish();
    }, waitMs);
    await done;
    clearTimeout(timer);
  }

  fits(message: Message): Fault | null {
    const fault = this.armed;
    if (!fault || !fault.at(message) || fault.skip-- > 0) return null;
    this.armed = null;
    return fault;
  }

  private finish() {
    this.over?.();
    this.over = null;
  }

  strike(line: Line, goOn: () => void) {
    const { action, ms } = this.chosen!;
    if (action === "cut" || action === "reset") {
      line.end(action === "reset");
      this.finish();
    } else if (action === "half-open") {
      line.dead = true;
      line.client.removeAllListeners("end");
      this.finish();
    } else if (action === "gone") {
      this.refuse(true);
      setTimeout(() => {
        this.refuse(false);
        this.finish();
      }, ms);
    } else if (action === "blackhole") {
      this.swallows = true;
      setTimeout(() => {
        for (const each of [...this.lines]) each.end(true);
        this.swallows = false;
        this.finish();
      }, ms);
    } else {
      this.held = new Promise<void>((let_go) =>
        setTimeout(() => {
          this.held = null;
          let_go();
          this.finish();
        }, ms),
      );
      goOn();
    }
  }

  /** Nothing passes, new connections are taken and get no answer, until it is told to let traffic through. */
  swallow(on: boolean) {
    this.swallows = on;
    if (!on) for (const line of [...this.lines]) line.end(true);
  }

  /** Cuts who is there, and refuses who comes, until it is told to let traffic through. */
  refuse(on: boolean) {
    this.refuses = on;
    if (on) for (const line of [...this.lines]) line.end();
  }

  async stop() {
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    for (const socket of [...this.sockets]) socket.destroy();
    await closed;
  }
}
