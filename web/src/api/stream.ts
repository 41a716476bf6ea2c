// One server-sent event stream for the whole console. The browser resumes it by Last-Event-ID by itself; when the server
// closes it for good (a restart, an ended session) it is opened again, slower each time.
import { useEffect, useRef, useSyncExternalStore } from "react";

export type Topic = "live" | "change" | "job";
type Listener = (message: unknown) => void;

const topics: Topic[] = ["live", "change", "job"];
const listeners: Record<Topic, Set<Listener>> = { live: new Set(), change: new Set(), job: new Set() };
const resetListeners = new Set<() => void>();
const openListeners = new Set<() => void>();
const stateListeners = new Set<() => void>();

let source: EventSource | null = null;
let state: "closed" | "connecting" | "open" = "closed";
let timer = 0;
let wait_ms = 1000;

function setState(next: typeof state): void {
  if (state === next) return;
  state = next;
  for (const listener of stateListeners) listener();
}

function receive(topic: Topic, event: MessageEvent<string>): void {
  let message: unknown;
  try {
    message = JSON.parse(event.data);
  } catch {
    return;
  }
  for (const listener of listeners[topic]) listener(message);
}

export function openStream(): void {
  if (source) return;
  setState("connecting");
  source = new EventSource(`/api/v1/stream?topics=${topics.join(",")}`);
  for (const topic of topics) source.addEventListener(topic, (event) => receive(topic, event as MessageEvent<string>));
  // The server says so when too much was missed: whoever shows data asks for it again.
  source.addEventListener("reset", () => {
    for (const listener of resetListeners) listener();
  });
  source.onopen = () => {
    wait_ms = 1000;
    setState("open");
    for (const listener of openListeners) listener();
  };
  source.onerror = () => {
    setState("connecting");
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    timer = window.setTimeout(openStream, wait_ms);
    wait_ms = Math.min(wait_ms * 2, 30000);
  };
}

export function closeStream(): void {
  window.clearTimeout(timer);
  source?.close();
  source = null;
  setState("closed");
}

/** Calls back for each message of a topic while the component stands; the newest callback is used. */
export function useStream<T>(topic: Topic, listener: (message: T) => void): void {
  const newest = useRef(listener);
  newest.current = listener;
  useEffect(() => {
    const call: Listener = (message) => newest.current(message as T);
    listeners[topic].add(call);
    return () => {
      listeners[topic].delete(call);
    };
  }, [topic]);
}

export function onStreamReset(listener: () => void): () => void {
  resetListeners.add(listener);
  return () => {
    resetListeners.delete(listener);
  };
}

/** What was read before the stream opened may have changed since, and nobody said so. */
export function onStreamOpen(listener: () => void): () => void {
  openListeners.add(listener);
  return () => {
    openListeners.delete(listener);
  };
}

export function useStreamState(): typeof state {
  return useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}
