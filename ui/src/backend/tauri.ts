import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { toProblem, type Backend, type LockState } from "./backend";
import type { Commands, Event, KeySource } from "./generated/api";

/** Calls a command of the window; rejections become `ProblemError`s. */
async function ask<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw toProblem(thrown);
  }
}

/** The backend inside the desktop window. */
export async function connectTauri(): Promise<Backend> {
  const listeners = new Set<(event: Event) => void>();
  // Listening starts before the first call, so that no event falls between a reply and its subscription.
  await listen<Event>("drystone", (message) => {
    for (const listener of listeners) listener(message.payload);
  });
  return {
    host: "window",
    call: <K extends keyof Commands>(command: K, args: Commands[K]["args"]) =>
      ask<Commands[K]["reply"]>("rpc", { request: { command, args } }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    saveFile: (name, _mime, content) => ask<string | null>("save_file", { name, content }),
    openedFile: async () => (await ask<{ content: string } | null>("opened_file"))?.content ?? null,
    lock: {
      state: () => ask<LockState>("lock_state"),
      unlock: (method: KeySource, passphrase: string | null) => ask<void>("unlock", { method, passphrase }),
    },
  };
}
