import type { Backend } from "../backend/backend";
import type {
  AddedDevice,
  Compaction,
  DeviceRequest,
  Invitation,
  InvitePreview,
  Member,
  MemberDevice,
  OpenInvitation,
  RefusedEntry,
  Role,
  SyncState,
  WorkspaceKeys,
  WorkspaceSummary,
} from "../backend/generated/api";
import { workspaceName } from "../lib/workspace-names";
import type { Settings } from "./settings.svelte";

/** The workspaces of this device and how their synchronisation is. */
export class Workspaces {
  list = $state.raw<WorkspaceSummary[]>([]);
  private states = $state.raw<Record<string, SyncState>>({});
  /** The owners' names, by workspace; of those whose names do not tell them apart. */
  private owners = $state.raw<Record<string, string>>({});
  /** The workspace whose documents the library shows. */
  private shown = $state<string | null>(null);
  /** Whether a person chose it since the start. */
  private chosen = false;

  constructor(
    private readonly backend: Backend,
    private readonly settings: Settings,
    private readonly ofDocument: () => string | null,
  ) {}

  /** The workspace of the open document; in the library the one that is shown, or the default one. */
  readonly current = $derived.by(() => this.find(this.ofDocument()) ?? this.find(this.shown) ?? this.list[0] ?? null);
  readonly sync = $derived(this.current ? (this.states[this.current.id] ?? this.current.sync) : null);

  async load(): Promise<void> {
    const [list, states] = await Promise.all([this.backend.call("workspace.list", {}), this.backend.call("sync.status", {})]);
    this.list = list;
    this.states = Object.fromEntries(states.map((state) => [state.workspace, state]));
    await this.loadOwners();
  }

  /** What a workspace is called here, told apart from others of its name. */
  nameOf(workspace: WorkspaceSummary): string {
    return workspaceName(workspace, this.list, this.owners);
  }

  syncChanged(state: SyncState): void {
    this.states = { ...this.states, [state.workspace]: state };
  }

  choose(id: string): void {
    this.chosen = true;
    this.shown = id;
    this.settings.set({ workspace: id });
  }

  /**
   * Shows a workspace that has something to show, as long as nobody chose one:
   * the one chosen last time, or else the one that was joined last.
   */
  settle(): void {
    if (this.chosen || (this.find(this.shown)?.documents ?? 0) > 0) return;
    const last = this.find(this.settings.workspace);
    const filled = last && last.documents > 0 ? last : this.list.findLast((workspace) => workspace.documents > 0);
    this.shown = (filled ?? last)?.id ?? null;
  }

  async create(name: string): Promise<WorkspaceSummary> {
    const workspace = await this.backend.call("workspace.create", { name });
    await this.load();
    this.choose(workspace.id);
    return workspace;
  }

  /** Whether one may write in a workspace; also where it is not known yet, since the core decides. */
  mayWrite(id: string | null): boolean {
    return this.find(id)?.role !== "reader";
  }

  private get at() {
    return { workspace: this.current?.id ?? null };
  }

  members(): Promise<Member[]> {
    return this.backend.call("workspace.members", this.at);
  }

  setRole(member: string, role: Role): Promise<Member[]> {
    return this.backend.call("workspace.setRole", { ...this.at, member, role });
  }

  remove(member: string): Promise<Member[]> {
    return this.backend.call("workspace.remove", { ...this.at, member });
  }

  transfer(member: string): Promise<Member[]> {
    return this.backend.call("workspace.transfer", { ...this.at, member });
  }

  async leave(): Promise<void> {
    await this.backend.call("workspace.leave", this.at);
    await this.load();
  }

  keys(): Promise<WorkspaceKeys> {
    return this.backend.call("workspace.keys", this.at);
  }

  rotate(): Promise<WorkspaceKeys> {
    return this.backend.call("workspace.rotate", this.at);
  }

  compaction(): Promise<Compaction> {
    return this.backend.call("workspace.compaction", this.at);
  }

  devices(): Promise<MemberDevice[]> {
    return this.backend.call("device.list", this.at);
  }

  deviceCode(): Promise<DeviceRequest> {
    return this.backend.call("device.request", {});
  }

  readDeviceCode(code: string): Promise<DeviceRequest> {
    return this.backend.call("device.read", { code });
  }

  addDevice(code: string, name: string): Promise<AddedDevice> {
    return this.backend.call("device.add", { ...this.at, code, name });
  }

  nameDevice(device: string, name: string): Promise<MemberDevice[]> {
    return this.backend.call("device.name", { ...this.at, device, name });
  }

  revokeDevice(device: string): Promise<MemberDevice[]> {
    return this.backend.call("device.revoke", { ...this.at, device });
  }

  invite(role: Role, hours: number): Promise<Invitation> {
    return this.backend.call("workspace.invite", { ...this.at, role, hours });
  }

  invitations(): Promise<OpenInvitation[]> {
    return this.backend.call("workspace.invitations", this.at);
  }

  revokeInvitation(invitation: string): Promise<OpenInvitation[]> {
    return this.backend.call("workspace.revokeInvitation", { ...this.at, invitation });
  }

  refused(): Promise<RefusedEntry[]> {
    return this.backend.call("sync.refused", this.at);
  }

  async noteRefused(): Promise<void> {
    this.syncChanged(await this.backend.call("sync.noteRefused", this.at));
  }

  preview(link: string): Promise<InvitePreview> {
    return this.backend.call("workspace.preview", { link });
  }

  async join(link: string, userName: string | null): Promise<WorkspaceSummary> {
    const workspace = await this.backend.call("workspace.join", { link, userName });
    await this.load();
    this.choose(workspace.id);
    return workspace;
  }

  async setRelay(url: string): Promise<void> {
    this.syncChanged(await this.backend.call("relay.set", { ...this.at, url }));
  }

  async syncNow(): Promise<void> {
    const states = await this.backend.call("sync.now", this.at);
    for (const state of states) this.syncChanged(state);
  }

  private async loadOwners(): Promise<void> {
    const unclear = this.list.filter(({ id, name, role }) => role !== "owner" && this.list.some((other) => other.id !== id && other.name === name));
    const owners = unclear.map(async ({ id }) => {
      const members = await this.backend.call("workspace.members", { workspace: id });
      return [id, members.find((member) => member.role === "owner")?.name ?? ""] as const;
    });
    this.owners = Object.fromEntries(await Promise.all(owners));
  }

  private find(id: string | null): WorkspaceSummary | undefined {
    return this.list.find((workspace) => workspace.id === id);
  }
}
