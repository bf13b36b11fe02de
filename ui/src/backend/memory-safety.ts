import { problem } from "./backend";
import type { Commands, RecoveryStatus } from "./generated/api";
import type { SharingHost } from "./memory-sharing";

const WORDS =
  "harbour lamp onion gravel timber ocean meadow copper window ladder silver orbit cradle velvet summit garden pencil anchor mirror forest candle bridge winter stone".split(" ");

/** Recovery kit, proof and devices nearby of a backend that loses everything with its page. */
export function safetyHandlers(host: SharingHost) {
  let nearby = false;
  let made: string | null = null;
  let rehearsed: string | null = null;
  const status = (): RecoveryStatus => ({
    made,
    rehearsed,
    waiting: 0,
    workspaces: host.workspaces
      .filter((workspace) => workspace.member)
      .map(({ id, name, sync }) => ({
        workspace: id,
        name,
        relay: sync.relay,
        covered: made !== null && sync.relay !== null,
        reason: sync.relay === null ? "It has no relay: it is on this device, and in the bundles and exports you made of it. Set a relay, or keep a copy of a whole bundle." : made === null ? "There is no recovery kit." : "",
      })),
  });
  const checked = (given: string) => {
    const words = (/^\s*Words:(.*)$/m.exec(given)?.[1] ?? given).match(/\p{L}+/gu) ?? [];
    if (words.length !== WORDS.length) throw problem("bad-input", `This is not a recovery kit: a recovery kit has ${WORDS.length} words, and these are ${words.length}.`, "Give all 24 words, in their order.");
  };
  const preview = () => ({ id: "0".repeat(64), name: "Harbour team", relay: "https://relay.example.org", role: "owner" as const, members: 3, here: false });
  return {
    "doctor.prove": () => {
      const workspaces = host.workspaces.map(({ id, name, sync }) => ({
        workspace: id,
        name,
        relay: sync.relay,
        sound: true,
        documents: 3,
        changes: 214,
        envelopes: sync.relay === null ? 0 : 41,
        waiting: sync.waiting,
        facts: [
          "9 membership records verify: 3 people are in the workspace.",
          "41 sealed envelopes by 4 devices, in unbroken order; each of their 214 changes is in its document.",
          "3 documents with 214 changes: all load, and read as they are shown.",
          sync.relay === null ? "It has no relay: this device, and what you exported, are the only copies." : "The relay has 41 envelopes that it confirmed, all of them, in the order it had signed before. Its signature today covers the log up to entry 41.",
        ],
        findings: [],
      }));
      return { time: new Date().toISOString(), sound: true, workspaces, report: "# Proof\n" };
    },
    "nearby.set": ({ on }: Commands["nearby.set"]["args"]) => {
      nearby = on ?? nearby;
      const devices = nearby ? [{ workspace: host.workspaces[0]?.name ?? "", member: "Mara Lindqvist", device: "0".repeat(64), met: new Date().toISOString() }] : [];
      return { on: nearby, found: devices.length, devices, problem: null };
    },
    "recovery.status": status,
    "recovery.create": ({ replace }: Commands["recovery.create"]["args"]) => {
      if (made !== null && !replace) throw problem("confirm", "There is a recovery kit already.", "If that is what you want, confirm it.");
      [made, rehearsed] = [new Date().toISOString(), null];
      host.emit({ type: "workspacesChanged" });
      return { words: WORDS, page: "<!doctype html>", text: `Words: ${WORDS.join(" ")}\n`, status: status() };
    },
    "recovery.rehearse": ({ words }: Commands["recovery.rehearse"]["args"]) => {
      checked(words);
      rehearsed = new Date().toISOString();
      host.emit({ type: "workspacesChanged" });
      const shared = host.workspaces.filter(({ sync }) => sync.relay !== null);
      return { works: true, workspaces: shared.map(({ id, name }) => ({ workspace: id, name, problem: null })) };
    },
    "recovery.preview": ({ words }: Commands["recovery.preview"]["args"]) => {
      checked(words);
      return { person: "Mara Lindqvist", workspaces: [preview()], problems: [] };
    },
    "recovery.use": ({ words }: Commands["recovery.use"]["args"]) => {
      checked(words);
      const { name, relay } = preview();
      const workspace = host.addWorkspace(name);
      workspace.sync = { ...workspace.sync, relay, phase: "idle", lastContact: new Date().toISOString() };
      host.emit({ type: "workspacesChanged" });
      return { person: "Mara Lindqvist", workspaces: [host.summary(workspace)], otherDevices: 1, problems: [] };
    },
  };
}
