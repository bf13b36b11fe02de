import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectHttp } from "../src/backend/http";
import type { Event } from "../src/backend/generated/api";

class Socket {
  static all: Socket[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  constructor(readonly url: string) {
    Socket.all.push(this);
  }
}

const answers = vi.fn<(path: string, body: unknown) => Response>();

beforeEach(() => {
  vi.useFakeTimers();
  Socket.all = [];
  answers.mockReset().mockImplementation(() => Response.json({}));
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => answers(path, JSON.parse(String(init.body))));
  history.replaceState(null, "", "/");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the session", () => {
  it("is started with the token, which leaves the address", async () => {
    history.replaceState(null, "", "/#token=a%20b");
    await connectHttp();
    expect(answers).toHaveBeenCalledWith("/session", { token: "a b" });
    expect(location.href).not.toContain("token");
  });
  it("is the old one without a token", async () => {
    await connectHttp();
    expect(answers).not.toHaveBeenCalled();
  });
});

describe("calls", () => {
  it("reject with the core's error", async () => {
    const backend = await connectHttp();
    answers.mockReturnValueOnce(Response.json({ code: "disk-full", message: "m", place: null, advice: "a" }, { status: 507 }));
    await expect(backend.call("document.list", { workspace: null, deleted: false })).rejects.toMatchObject({ code: "disk-full", advice: "a" });
  });
  it("say what to do when the session or the server is gone", async () => {
    const backend = await connectHttp();
    answers.mockReturnValueOnce(new Response("", { status: 401 }));
    await expect(backend.call("app.info", {})).rejects.toMatchObject({ code: "unauthorized" });
    answers.mockImplementationOnce(() => {
      throw new TypeError("failed to fetch");
    });
    await expect(backend.call("app.info", {})).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("events", () => {
  it("come back after a break, with a word that some were lost", async () => {
    const backend = await connectHttp();
    const events: Event[] = [];
    const end = backend.subscribe((event) => events.push(event));
    Socket.all[0]?.onopen?.();
    Socket.all[0]?.onmessage?.({ data: '{"type":"libraryChanged"}' });
    expect(events).toEqual([{ type: "libraryChanged" }]);
    Socket.all[0]?.onclose?.();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Socket.all).toHaveLength(2);
    // A connection that fails at once is tried again, ever more rarely.
    Socket.all[1]?.onclose?.();
    await vi.advanceTimersByTimeAsync(1_000);
    Socket.all.at(-1)?.onopen?.();
    expect(events.at(-1)).toEqual({ type: "lagged" });
    end();
    Socket.all.at(-1)?.onmessage?.({ data: '{"type":"libraryChanged"}' });
    expect(events).toHaveLength(2);
  });
});
