import { randomHex } from "../lib/random";
import { problem } from "./backend";
import type { Commands, Event, MemberDevice, OpenInvitation, RefusedEntry, Role, SyncState, WorkspaceKeys, WorkspaceSummary } from "./generated/api";
import { bundleHandlers } from "./memory-bundles";
import { compactionHandlers } from "./memory-compaction";
import { recoveryHandlers } from "./memory-recovery";

/** A workspace as the backend without a disk has it. */
export interface MemoryWorkspace {
  id: string;
  name: string;
  role: Role;
  member: boolean;
  members: { id: string; name: string; role: Role; you: boolean }[];
  devices: MemberDevice[];
  invitations: OpenInvitation[];
  refused: RefusedEntry[];
  epoch: number;
  since: string;
  sync: SyncState;
}

/** What the sharing commands need of the rest of the backend. */
export interface SharingHost {
  workspaces: MemoryWorkspace[];
  userName(): string;
  setUserName(name: string): void;
  addWorkspace(name: string): MemoryWorkspace;
  workspace(id: string | null): MemoryWorkspace;
  summary(workspace: MemoryWorkspace): WorkspaceSummary;
  sync(workspace: MemoryWorkspace): SyncState;
  store(workspace: MemoryWorkspace): void;
  emit(event: Event): void;
}

const ROLES: Role[] = ["owner", "admin", "editor", "reader"];
const DAY = 86_400_000;
const EPOCH_LIFE = 90 * DAY;

/** The state of a workspace that has no relay. */
export function localSync(workspace: string): SyncState {
  return { workspace, relay: null, phase: "local", waiting: 0, lastStored: null, lastContact: null, nextTry: null, quarantined: 0, problem: null, attachments: { sending: 0, fetching: 0, problem: null } };
}

/** A device of a member. */
export function memoryDevice(member: string, memberName: string, name: string, place: Partial<MemberDevice> = {}): MemberDevice {
  return { id: randomHex(32), name, member, memberName, yours: false, this: false, lastSeen: null, revocable: false, ...place };
}

/** A workspace with its founder in it. */
export function memoryWorkspace(name: string, userName: string): MemoryWorkspace {
  const [id, you] = [randomHex(32), randomHex(32)];
  return {
    id,
    name,
    role: "owner",
    member: true,
    members: [{ id: you, name: userName, role: "owner", you: true }],
    devices: [memoryDevice(you, userName, "", { yours: true, this: true, lastSeen: new Date().toISOString() })],
    invitations: [],
    refused: [],
    epoch: 1,
    since: new Date().toISOString(),
    sync: localSync(id),
  };
}

const lastOwner = (workspace: MemoryWorkspace, role: Role) => role === "owner" && workspace.members.filter((member) => member.role === "owner").length === 1;
const above = (one: Role, other: Role) => ROLES.indexOf(one) < ROLES.indexOf(other);

function members(workspace: MemoryWorkspace): Commands["workspace.members"]["reply"] {
  const manages = workspace.role === "owner" || workspace.role === "admin";
  return workspace.members.map((member) => {
    const may = manages && !above(member.role, workspace.role) && !lastOwner(workspace, member.role);
    const devices = workspace.devices.filter((device) => device.member === member.id).length;
    const mayBecome = may ? ROLES.filter((role) => !above(role, workspace.role)) : [];
    return { ...member, devices, mayBecome, removable: !member.you && manages && !above(member.role, workspace.role) };
  });
}

function devices(workspace: MemoryWorkspace): MemberDevice[] {
  const manages = workspace.role === "owner" || workspace.role === "admin";
  return workspace.devices.map((device) => {
    const siblings = workspace.devices.filter((other) => other.member === device.member).length;
    return { ...device, revocable: !device.this && siblings > 1 && (device.yours || manages) };
  });
}

function keys(workspace: MemoryWorkspace): WorkspaceKeys {
  const due = new Date(Date.parse(workspace.since) + EPOCH_LIFE).toISOString();
  return { epoch: workspace.epoch, since: workspace.since, due, renewable: workspace.role === "owner" || workspace.role === "admin" };
}

function rotate(workspace: MemoryWorkspace): void {
  workspace.epoch += 1;
  workspace.since = new Date().toISOString();
}

function found<T extends { id: string }>(list: T[], id: string, what: string): T {
  const one = list.find((candidate) => candidate.id === id);
  if (!one) throw problem("not-found", `There is no such ${what}.`, "Look at the list again.");
  return one;
}

function needsRelay(workspace: MemoryWorkspace): string {
  if (workspace.sync.relay === null) throw problem("usage", "This workspace has no relay yet.", "Set the relay's address first.");
  return workspace.sync.relay;
}

function relayOf(link: string): string {
  const at = /(https?:\/\/[^/\s]+)\/(?:join|device)#.+/.exec(link);
  if (!at?.[1]) throw problem("invite", "This is not an invitation link.", "Paste the whole link, including the part after #.");
  return at[1];
}

function memberHandlers(host: SharingHost) {
  const changed = (workspace: MemoryWorkspace) => {
    host.emit({ type: "workspacesChanged" });
    return members(workspace);
  };
  return {
    "workspace.members": ({ workspace }: Commands["workspace.members"]["args"]) => members(host.workspace(workspace)),
    "workspace.setRole": ({ workspace, member, role }: Commands["workspace.setRole"]["args"]) => {
      const at = host.workspace(workspace);
      found(at.members, member, "member").role = role;
      return changed(at);
    },
    "workspace.transfer": ({ workspace, member }: Commands["workspace.transfer"]["args"]) => {
      const at = host.workspace(workspace);
      found(at.members, member, "member").role = "owner";
      for (const you of at.members.filter((one) => one.you)) you.role = "admin";
      at.role = "admin";
      return changed(at);
    },
    "workspace.remove": ({ workspace, member }: Commands["workspace.remove"]["args"]) => {
      const at = host.workspace(workspace);
      at.members = at.members.filter((one) => one.id !== found(at.members, member, "member").id);
      at.devices = at.devices.filter((device) => device.member !== member);
      at.invitations = [];
      rotate(at);
      return changed(at);
    },
    "workspace.leave": ({ workspace }: Commands["workspace.leave"]["args"]) => {
      const at = host.workspace(workspace);
      if (at.members.some((one) => one.you && lastOwner(at, one.role))) {
        throw problem("refused", "The last owner cannot leave: nobody could look after the workspace any more.", "Give ownership to someone else first.");
      }
      at.members = at.members.filter((one) => !one.you);
      Object.assign(at, { member: false, role: "reader", sync: localSync(at.id), invitations: [] });
      host.emit({ type: "workspacesChanged" });
      return host.summary(at);
    },
    "workspace.keys": ({ workspace }: Commands["workspace.keys"]["args"]) => keys(host.workspace(workspace)),
    "workspace.rotate": ({ workspace }: Commands["workspace.rotate"]["args"]) => {
      const at = host.workspace(workspace);
      needsRelay(at);
      rotate(at);
      host.emit({ type: "workspacesChanged" });
      return keys(at);
    },
    ...compactionHandlers(host),
  };
}

function deviceHandlers(host: SharingHost) {
  const changed = (workspace: MemoryWorkspace) => {
    host.emit({ type: "workspacesChanged" });
    return devices(workspace);
  };
  const code = "drystone1devg1ggmQ0Vt7vZk1n3b6eGx2c8r4s5t6u7v8w9x0y1z2A3B4C5D6E7F8G9H0I1J2K3L4M5N6O7P8Q9R0";
  const shown = { code, qrSvg: sampleCode(code.slice(-16)), fingerprint: "3f2a 91cc 04be 7d15" };
  return {
    "device.list": ({ workspace }: Commands["device.list"]["args"]) => devices(host.workspace(workspace)),
    "device.request": () => shown,
    "device.read": ({ code: given }: Commands["device.read"]["args"]) => {
      if (!given.trim().startsWith("drystone1dev")) throw problem("bad-input", "This is not a device code.", "On the new device, the sharing panel shows its code; copy all of it.");
      return { ...shown, code: given.trim() };
    },
    "device.add": ({ workspace, name }: Commands["device.add"]["args"]) => {
      const at = host.workspace(workspace);
      const relay = needsRelay(at);
      const you = at.members.find((one) => one.you);
      const device = memoryDevice(you?.id ?? "", you?.name ?? "", name, { yours: true });
      at.devices.push(device);
      host.emit({ type: "workspacesChanged" });
      return { device: device.id, link: `${relay}/device#1.${randomHex(24)}`, qrSvg: sampleCode(device.id) };
    },
    "device.name": ({ workspace, device, name }: Commands["device.name"]["args"]) => {
      const at = host.workspace(workspace);
      found(at.devices, device, "device").name = name;
      return changed(at);
    },
    "device.revoke": ({ workspace, device }: Commands["device.revoke"]["args"]) => {
      const at = host.workspace(workspace);
      const gone = found(at.devices, device, "device");
      at.devices = at.devices.filter((one) => one !== gone);
      at.invitations = [];
      rotate(at);
      return changed(at);
    },
  };
}

function inviteHandlers(host: SharingHost) {
  return {
    "workspace.invite": ({ workspace, role, hours }: Commands["workspace.invite"]["args"]) => {
      const at = host.workspace(workspace);
      const relay = needsRelay(at);
      const [id, expires] = [randomHex(32), new Date(Date.now() + hours * 3_600_000).toISOString()];
      const link = `${relay}/join#1.${id}${randomHex(32)}`;
      const file = `An invitation to a workspace of Drystone.\n\n${link}\n`;
      const invitation = { link, qrSvg: sampleCode(id), expires, role, file };
      at.invitations.push({ id, role, expires, expired: false, madeBy: host.userName(), yours: true, invitation });
      host.emit({ type: "workspacesChanged" });
      return invitation;
    },
    "workspace.invitations": ({ workspace }: Commands["workspace.invitations"]["args"]) => [...host.workspace(workspace).invitations],
    "workspace.revokeInvitation": ({ workspace, invitation }: Commands["workspace.revokeInvitation"]["args"]) => {
      const at = host.workspace(workspace);
      at.invitations = at.invitations.filter((one) => one !== found(at.invitations, invitation, "open invitation"));
      host.emit({ type: "workspacesChanged" });
      return [...at.invitations];
    },
    "workspace.inspect": ({ link }: Commands["workspace.inspect"]["args"]) => ({ workspace: randomHex(32), relay: relayOf(link), member: false }),
    "workspace.preview": ({ link }: Commands["workspace.preview"]["args"]) => {
      const ownDevice = link.includes("/device#");
      const expires = ownDevice ? null : new Date(Date.now() + 2 * DAY).toISOString();
      const role: Role = ownDevice ? "owner" : "editor";
      return { workspace: randomHex(32), name: "Harbour team", relay: relayOf(link), member: false, role, invitedBy: "Mara Lindqvist", expires, members: 3, ownDevice };
    },
    "workspace.join": ({ link, userName }: Commands["workspace.join"]["args"]) => {
      if (userName !== null) host.setUserName(userName);
      const relay = relayOf(link);
      const workspace = host.addWorkspace("Harbour team");
      workspace.sync = { ...workspace.sync, relay, phase: "idle", lastContact: new Date().toISOString() };
      workspace.role = link.includes("/device#") ? "owner" : "editor";
      for (const you of workspace.members) you.role = workspace.role;
      host.emit({ type: "workspacesChanged" });
      return host.summary(workspace);
    },
  };
}

/** The commands about workspaces, members, devices, invitations and synchronisation. */
export function sharingHandlers(host: SharingHost) {
  return {
    ...memberHandlers(host),
    ...deviceHandlers(host),
    ...inviteHandlers(host),
    ...bundleHandlers(host),
    ...recoveryHandlers(host),
    "workspace.list": () => host.workspaces.map((workspace) => host.summary(workspace)),
    "workspace.create": ({ name }: Commands["workspace.create"]["args"]) => {
      const workspace = host.addWorkspace(name);
      host.emit({ type: "workspacesChanged" });
      return host.summary(workspace);
    },
    "relay.set": ({ workspace, url }: Commands["relay.set"]["args"]) => {
      const at = host.workspace(workspace);
      if (url !== "" && !/^https?:\/\/[^\s/]+/.test(url)) {
        throw problem("usage", "This is not a relay's address.", "Write it as https://relay.example.org.", url);
      }
      at.sync = url === "" ? localSync(at.id) : { ...at.sync, relay: url.replace(/\/+$/, ""), phase: "busy" };
      const state = host.sync(at);
      host.emit({ type: "syncChanged", state });
      setTimeout(() => host.store(at), 400);
      return state;
    },
    "sync.now": ({ workspace }: Commands["sync.now"]["args"]) => {
      const chosen = workspace === null ? host.workspaces : [host.workspace(workspace)];
      for (const at of chosen) host.store(at);
      return chosen.map((at) => host.sync(at));
    },
    "sync.status": () => host.workspaces.map((workspace) => host.sync(workspace)),
    "sync.refused": ({ workspace }: Commands["sync.refused"]["args"]) => [...host.workspace(workspace).refused],
    "sync.noteRefused": ({ workspace }: Commands["sync.noteRefused"]["args"]) => {
      const at = host.workspace(workspace);
      at.refused = at.refused.map((entry) => ({ ...entry, noted: true }));
      at.sync = { ...at.sync, phase: at.sync.relay === null ? "local" : "idle", problem: null };
      const state = host.sync(at);
      host.emit({ type: "syncChanged", state });
      return state;
    },
  };
}

/** A pattern that looks like a QR code; only the core makes real ones. */
function sampleCode(seed: string): string {
  const size = 25;
  let cells = "";
  for (let index = 0; index < size * size; index++) {
    const value = Number.parseInt(seed[index % seed.length] ?? "0", 16) * (index + 7);
    if ((value >> 2) % 2 === 0) cells += `M${index % size} ${Math.floor(index / size)}h1v1h-1z`;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 29 29"><rect x="-2" y="-2" width="29" height="29" fill="#fff"/><path d="${cells}" fill="#000"/></svg>`;
}
