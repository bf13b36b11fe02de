import type { Backend } from "../backend/backend";
import type { Invitation, InviteInfo, Member, Role, SyncState, WorkspaceSummary } from "../backend/generated/api";
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

  members(): Promise<Member[]> {
    return this.backend.call("workspace.members", { workspace: this.current?.id ?? null });
  }

  invite(role: Role, hours: number): Promise<Invitation> {
    return this.backend.call("workspace.invite", { workspace: this.current?.id ?? null, role, hours });
  }

  inspect(link: string): Promise<InviteInfo> {
    return this.backend.call("workspace.inspect", { link });
  }

  async join(link: string, userName: string | null): Promise<WorkspaceSummary> {
    const workspace = await this.backend.call("workspace.join", { link, userName });
    await this.load();
    this.choose(workspace.id);
    return workspace;
  }

  async setRelay(url: string): Promise<void> {
    this.syncChanged(await this.backend.call("relay.set", { workspace: this.current?.id ?? null, url }));
  }

  async syncNow(): Promise<void> {
    const states = await this.backend.call("sync.now", { workspace: this.current?.id ?? null });
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
