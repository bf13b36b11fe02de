import { fromBase64 } from "../lib/base64";
import { problem, toProblem, type Backend } from "./backend";
import type { Commands, Event } from "./generated/api";

/** First and longest wait before the event stream is opened again, in milliseconds. */
const RECONNECT_FIRST_MS = 250;
const RECONNECT_LONGEST_MS = 10_000;
/** Browsers refuse `keepalive` requests with larger bodies. */
const KEEPALIVE_LIMIT = 60_000;
/** How long a downloaded file's address stays valid, in milliseconds. */
const DOWNLOAD_MS = 60_000;

const unreachable = () =>
  problem(
    "unreachable",
    "The Drystone server behind this page does not answer.",
    "Check that `drystone serve` still runs, then try again. What you typed stays in this page until it is saved.",
  );

const noSession = () =>
  problem(
    "unauthorized",
    "This page has no valid session.",
    "Open the address that `drystone serve` prints; it contains the token that lets this page in, for as long as that command runs.",
  );

async function post(path: string, body: unknown): Promise<Response> {
  const text = JSON.stringify(body);
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: text,
      credentials: "same-origin",
      // A request sent while the page is being closed still arrives.
      keepalive: text.length < KEEPALIVE_LIMIT,
    });
  } catch {
    throw unreachable();
  }
}

async function failure(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === "object" && body !== null && "code" in body) return toProblem(body);
  if (response.status === 401 || response.status === 403) return noSession();
  return problem("internal", `The server answered with status ${response.status}.`, "Try again; if it stays, restart `drystone serve`.");
}

/** Exchanges the token in the address for a session cookie and removes it from the address. */
async function startSession(): Promise<void> {
  const match = /[#&]token=([^&]+)/.exec(location.hash);
  if (!match?.[1]) return;
  const token = decodeURIComponent(match[1]);
  history.replaceState(null, "", location.pathname + location.search);
  const response = await post("/session", { token });
  if (!response.ok) throw await failure(response);
}

/** Keeps the event stream open; after every reconnection says `lagged`, since events in between are lost. */
function openEvents(emit: (event: Event) => void): void {
  let wait = RECONNECT_FIRST_MS;
  let opened = false;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/events`);
    socket.onopen = () => {
      wait = RECONNECT_FIRST_MS;
      if (opened) emit({ type: "lagged" });
      opened = true;
    };
    socket.onmessage = (message) => emit(JSON.parse(String(message.data)) as Event);
    socket.onclose = () => {
      // Half of the wait is random, so that many pages do not come back at the same moment.
      setTimeout(connect, wait / 2 + (Math.random() * wait) / 2);
      wait = Math.min(wait * 2, RECONNECT_LONGEST_MS);
    };
  };
  connect();
}

function download(name: string, mime: string, base64: string): void {
  const url = URL.createObjectURL(new Blob([fromBase64(base64)], { type: mime }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MS);
}

/** The backend behind `drystone serve`. */
export async function connectHttp(): Promise<Backend> {
  await startSession();
  const listeners = new Set<(event: Event) => void>();
  openEvents((event) => {
    for (const listener of listeners) listener(event);
  });
  return {
    host: "browser",
    async call<K extends keyof Commands>(command: K, args: Commands[K]["args"]): Promise<Commands[K]["reply"]> {
      const response = await post("/rpc", { command, args });
      if (!response.ok) throw await failure(response);
      try {
        return (await response.json()) as Commands[K]["reply"];
      } catch {
        throw unreachable();
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openedFile: async () => null,
    async saveFile(name, mime, base64) {
      download(name, mime, base64);
      return name;
    },
    lock: {
      state: async () => ({ state: "open", configured: null, problem: null }),
      unlock: async () => {},
    },
  };
}
