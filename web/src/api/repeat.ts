// A second click must not do it twice: the same POST again, while the first is under way or right after it, carries the
// first one's Idempotency-Key, and the server answers it with the first one's reply. Whoever writes something else in
// between means it.
const QUIET_MS = 5000;
// These make nothing twice, and what they carry (passwords, plaintext) is kept nowhere longer than it must.
const makesNothing = /\/(session|session\/password|reveal|lookup|duplicates)$/;
const sent = new Map<string, { key: string; answered: boolean }>();

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function forgetAnswered(): void {
  for (const [what, one] of sent) if (one.answered) sent.delete(what);
}

/** Sets the key; call what it returns once there is a reply. Files are left alone: they would have to be read. */
export async function markRepeat(request: Request): Promise<() => void> {
  const isForm = request.method === "POST" && request.headers.get("Content-Type")?.includes("json");
  if (!isForm || makesNothing.test(new URL(request.url).pathname)) return () => {};
  const what = `${request.url}\n${await request.clone().text()}`;
  if (!sent.has(what)) forgetAnswered();
  const one = sent.get(what) ?? { key: newKey(), answered: false };
  sent.set(what, one);
  request.headers.set("Idempotency-Key", one.key);
  return () => {
    one.answered = true;
    window.setTimeout(() => sent.get(what) === one && sent.delete(what), QUIET_MS);
  };
}
