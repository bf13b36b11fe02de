import { randomHex } from "../lib/random";
import type { Commands, Compaction, SnapshotInfo } from "./generated/api";
import type { MemoryWorkspace, SharingHost } from "./memory-sharing";

/** Snapshots by workspace: only the newest is of interest here. */
const made = new Map<string, SnapshotInfo>();

/** Entries of a log that nobody keeps: as many as make the sentences worth reading. */
const ENTRIES = 1240;

function compaction(at: MemoryWorkspace): Compaction {
  const snapshot = made.get(at.id);
  return {
    workspace: at.id,
    entries: at.sync.relay ? ENTRIES : 0,
    compacted: 0,
    due: null,
    dueEntries: 0,
    loaded: null,
    uploading: false,
    snapshots: snapshot ? [snapshot] : [],
  };
}

/** Commands about snapshots. */
export function compactionHandlers(host: SharingHost) {
  return {
    "workspace.compaction": ({ workspace }: Commands["workspace.compaction"]["args"]) => compaction(host.workspace(workspace)),
    "workspace.compact": ({ workspace }: Commands["workspace.compact"]["args"]) => {
      const at = host.workspace(workspace);
      const other = at.members.find((member) => !member.you);
      const now = new Date().toISOString();
      made.set(at.id, {
        id: randomHex(32),
        entries: ENTRIES,
        madeBy: "you",
        made: now,
        confirmed: now,
        confirmedBy: [other?.name ?? "you"],
        contradictedBy: [],
      });
      host.emit({ type: "workspacesChanged" });
      return compaction(at);
    },
  };
}
