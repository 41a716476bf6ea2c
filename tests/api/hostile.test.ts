// What llhttp's own tests throw at a parser, over a raw socket: every message is answered or the connection closed, the
// program lives, and nothing is the server's fault (505 apart, which is the right answer to HTTP/5.6).
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, realData, startProgram } from "../harness";

const folder = realData("http_parser_llhttp");
let program: Program;
beforeAll(async () => {
  program = await startProgram();
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

/** A code block of those tests as bytes: "\" joins lines, line ends are CRLF, \r \n \t \f \xNN are escapes. */
function message(block: string): string {
  const text = block
    .replace(/\\\n\s*/g, "")
    .replace(/\n/g, "\r\n")
    .replace(/\\(?:x([0-9a-fA-F]{2})|([rntf]))/g, (_, hex, letter) =>
      hex
        ? String.fromCharCode(Number.parseInt(hex, 16))
        : ({ r: "\r", n: "\n", t: "\t", f: "\f" } as Record<string, string>)[letter],
    );
  return text.endsWith("\r\n") ? text.slice(0, -2) : text;
}

function messages(): string[] {
  const found: string[] = [];
  for (const file of readdirSync(join(folder!, "test"), { recursive: true, encoding: "utf8" }).filter((f) =>
    f.endsWith(".md"),
  )) {
    const text = readFileSync(join(folder!, "test", file), "latin1");
    for (const [, block] of text.matchAll(/```(?:http|url)\n([\s\S]*?)```/g))
      found.push(file === "url.md" ? `GET ${message(block)} HTTP/1.1\r\nHost: x\r\n\r\n` : message(block));
  }
  return found;
}

/** Statuses that come back; "" when the connection was only closed or kept waiting. */
function send(bytes: string, inPieces: boolean): Promise<string[]> {
  const { hostname, port } = new URL(program.url);
  return new Promise((done) => {
    const socket = connect({ port: Number(port), host: hostname, noDelay: true }, () => {
      if (inPieces)
        for (let i = 0; i < bytes.length; i += 7) socket.write(Buffer.from(bytes.slice(i, i + 7), "latin1"));
      else socket.write(Buffer.from(bytes, "latin1"));
    });
    let got = "";
    socket.setTimeout(250, () => socket.destroy());
    socket.on("data", (data) => {
      got += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => done([...got.matchAll(/HTTP\/1\.[01] (\d\d\d)/g)].map((m) => m[1])));
  });
}

test.skipIf(!folder)("hostile requests are refused, never crash, never the server's fault", async () => {
  const all = messages();
  expect(all.length).toBeGreaterThan(250);
  const cases = all.flatMap((m) => [
    m,
    m.replace(/^([A-Z]+) \S+/, "$1 /v1/track"),
    m.replace(/^([A-Z]+) \S+/, "$1 /api/v1/session"),
  ]);
  const bad: string[] = [];
  const work = cases.flatMap((bytes) => [
    { bytes, inPieces: false },
    { bytes, inPieces: true },
  ]);
  const one = async () => {
    for (let next = work.pop(); next; next = work.pop()) {
      const statuses = await send(next.bytes, next.inPieces);
      if (statuses.some((s) => s >= "500" && s !== "505"))
        bad.push(`${statuses} ${JSON.stringify(next.bytes.slice(0, 120))}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, one));
  expect(bad).toEqual([]);
  expect((await program.admin.get("/healthz")).status).toBe(200);
});
