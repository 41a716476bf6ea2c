// The overview as a manager asks it: what a period is compared with, and who and what stands behind a figure.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Program, startProgram, withKey } from "../harness";

let program: Program;
beforeAll(async () => {
  program = await startProgram();
  await eventually(async () => (await program.admin.get("/api/v1/overview")).status === 200); // a new warehouse is made first
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
});

describe("a period is compared with", () => {
  test.each([
    ["the same weekdays of the week before, when nothing is said", "", "2026-03-04", "2026-03-04", "2026-02-25", "2026-02-25"],
    ["whole weeks earlier", "weekday", "2026-03-01", "2026-03-10", "2026-02-15", "2026-02-24"],
    ["yesterday", "previous", "2026-03-04", "2026-03-04", "2026-03-03", "2026-03-03"],
    ["the same dates of last year", "year", "2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01"],
    ["the same weekdays of last year", "year_weekday", "2026-03-02", "2026-03-08", "2025-03-03", "2025-03-09"],
    ["the same days around Spring Festival", "year_lunar", "2026-02-10", "2026-02-23", "2025-01-22", "2025-02-04"], // 腊月廿三
    ["New Year's Eve on the 29th where it was the 30th", "year_lunar", "2024-02-09", "2024-02-10", "2023-01-21", "2023-01-22"],
    ["the plain month of a leap one", "year_lunar", "2025-07-25", "2025-07-25", "2024-07-06", "2024-07-06"], // 闰六月初一 → 六月初一
    ["the same month after a leap one", "year_lunar", "2026-07-14", "2026-07-14", "2025-06-25", "2025-06-25"], // 六月初一
  ])("%s", async (_what, compare, from, to, beforeFrom, beforeTo) => {
    const { status, body } = await program.admin.get(`/api/v1/overview?from=${from}&to=${to}&compare=${compare}`);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.compare_period).toEqual({ from: beforeFrom, to: beforeTo });
  });

  test("nothing that the calendar does not know", async () => {
    for (const asked of ["compare=moon", "from=2000-02-01&to=2000-02-02&compare=year_lunar", "from=1999-02-01&to=1999-02-02&compare=year_lunar"])
      expect((await program.admin.get(`/api/v1/overview?${asked}`)).status, asked).toBe(422);
  });
});
