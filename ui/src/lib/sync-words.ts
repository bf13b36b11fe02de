import type { SyncState } from "../backend/generated/api";
import { relativeTime } from "./time";
import { counted } from "./wording";

/** A try sooner than this is not worth counting down to, in milliseconds. */
const SOON_MS = 60_000;

export type SyncTone = "calm" | "busy" | "waiting" | "attention";

/** How synchronisation stands, in a few words. */
export function syncWords(state: SyncState | null): { tone: SyncTone; words: string } {
  if (!state || state.phase === "local") return { tone: "calm", words: "On this device only" };
  const waiting = state.waiting > 0 ? counted(state.waiting, "change") : "";
  switch (state.phase) {
    case "idle":
      return waiting ? { tone: "busy", words: `${waiting} on the way` } : { tone: "calm", words: "All changes stored" };
    case "busy":
      return { tone: "busy", words: waiting ? `Sending ${waiting}` : "Synchronising" };
    case "offline":
      return { tone: "waiting", words: waiting ? `Offline, ${waiting} waiting` : "Offline" };
    case "attention":
      return { tone: "attention", words: "Needs your attention" };
  }
}

/** The same in sentences, for the panel. */
export function syncSentences(state: SyncState | null, now: number): string[] {
  if (!state || state.relay === null) return ["Everything is saved on this device. Set a relay to share this workspace or to have it on a second device."];
  const sentences: Record<SyncState["phase"], string> = {
    local: "Everything is saved on this device.",
    idle: "The relay has stored everything from here, and everything from there is here.",
    busy: "Sending and receiving changes.",
    offline: "The relay cannot be reached. You can go on working; it is tried again by itself.",
    attention: "Synchronisation has stopped and needs you.",
  };
  const result = [state.waiting > 0 && state.phase === "idle" ? "The last changes are on their way." : sentences[state.phase]];
  const { sending, fetching } = state.attachments;
  if (sending > 0) result.push(`${counted(sending, "file")} on this device ${sending === 1 ? "waits" : "wait"} to be sent.`);
  if (fetching > 0) result.push(`${counted(fetching, "file")} ${fetching === 1 ? "is" : "are"} on the way here.`);
  if (state.waiting > 0) result.push(`${counted(state.waiting, "change")} made here ${state.waiting === 1 ? "is" : "are"} not at the relay yet.`);
  if (state.nextTry !== null && state.phase === "offline") {
    const soon = Date.parse(state.nextTry) - now < SOON_MS;
    result.push(`Next try ${soon ? "within a minute" : relativeTime(state.nextTry, now)}.`);
  }
  return result;
}
