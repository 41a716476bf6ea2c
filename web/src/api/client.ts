// The one way to the server: adds language and CSRF token, turns failures into ApiError, and holds a request that met
// an ended session until the person has logged in again, so that no form loses what was typed.
import createClient, { type Middleware } from "openapi-fetch";
import { getPrefs } from "../app/prefs";
import type { paths } from "./paths";
import { markRepeat } from "./repeat";
import type { Problem, Session } from "./types";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string,
    readonly requestId: string,
  ) {
    super(message);
  }
}

let csrf = "";
let expired: (() => Promise<boolean>) | null = null;

/** The application tells how to ask for the password again. Resolves true once there is a new session. */
export function onSessionExpired(ask: (() => Promise<boolean>) | null): void {
  expired = ask;
}

export function setCsrf(token: string): void {
  csrf = token;
}

const writes = new Set(["POST", "PUT", "PATCH", "DELETE"]);

function dress(request: Request): Request {
  request.headers.set("Accept-Language", getPrefs().language);
  if (csrf && writes.has(request.method)) request.headers.set("X-CSRF-Token", csrf);
  return request;
}

/** fetch() for what the typed client does not carry: files in and out. */
export async function send(input: Request): Promise<Response> {
  const answered = await markRepeat(input);
  try {
    return await sendAs(input);
  } finally {
    answered();
  }
}

async function sendAs(input: Request): Promise<Response> {
  const spare = input.clone();
  const response = await withFreshToken(await reach(dress(input)), spare.clone());
  const isLogin = new URL(input.url).pathname === "/api/v1/session";
  if (response.status !== 401 || isLogin || !expired) return response;
  return (await expired()) ? reach(dress(spare)) : response;
}

/** Another window logged in meanwhile: the cookie is new and our token is old. Takes the new token and tries once more. */
async function withFreshToken(response: Response, spare: Request): Promise<Response> {
  if (response.status !== 403 || !writes.has(spare.method)) return response;
  const problem = (await response
    .clone()
    .json()
    .catch(() => null)) as Problem | null;
  if (problem?.error.cause !== "csrf") return response;
  const session = await reach(new Request(new URL("/api/v1/session", spare.url), { credentials: "same-origin" }));
  if (!session.ok) return response;
  csrf = ((await session.json()) as Session).csrf;
  return reach(dress(spare));
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new ApiError(0, "offline", "", "", "");
  }
}

export async function toError(response: Response): Promise<ApiError> {
  let problem: Partial<Problem["error"]> = {};
  try {
    problem = ((await response.clone().json()) as Problem).error ?? {};
  } catch {
    // Not our JSON (a proxy's page): the status has to do.
  }
  return new ApiError(
    response.status,
    problem.code ?? "",
    problem.message ?? "",
    problem.field ?? "",
    problem.request_id ?? response.headers.get("X-Request-Id") ?? "",
  );
}

const refuse: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await toError(response);
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: send, credentials: "same-origin" });
api.use(refuse);

/** The body of a reply that cannot be empty. */
export async function body<T>(reply: Promise<{ data?: T }>): Promise<T> {
  return (await reply).data as T;
}

export async function readSession(): Promise<Session | null> {
  try {
    const session = await body(api.GET("/api/v1/session"));
    setCsrf(session.csrf);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function logIn(email: string, password: string): Promise<Session> {
  const session = await body(api.POST("/api/v1/session", { body: { email, password } }));
  setCsrf(session.csrf);
  return session;
}

export async function logOut(): Promise<void> {
  await api.DELETE("/api/v1/session");
  setCsrf("");
}
