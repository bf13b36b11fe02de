import { fromBase64, toBase64 } from "../lib/base64";
import { randomHex } from "../lib/random";
import { problem } from "./backend";
import type { BundleInfo, Commands } from "./generated/api";
import type { SharingHost } from "./memory-sharing";

/** Bundles of a backend without a disk: what they are, as JSON. */
export function bundleHandlers(host: SharingHost) {
  const read = (content: string): BundleInfo => {
    try {
      return JSON.parse(new TextDecoder().decode(fromBase64(content))) as BundleInfo;
    } catch {
      throw problem("bad-input", "The bundle cannot be read: it is no bundle.", "Choose a file that Drystone exported as a bundle.");
    }
  };
  return {
    "bundle.export": ({ workspace, invite }: Commands["bundle.export"]["args"]) => {
      const at = host.workspace(workspace);
      const bundle: BundleInfo = {
        kind: invite ? "invitation" : "changes",
        workspace: at.id,
        name: at.name,
        author: host.userName() || "Member",
        time: new Date().toISOString(),
        complete: true,
        entries: 3,
        newEntries: 0,
        records: 1,
        newRecords: 0,
        files: 0,
        joins: false,
        role: invite?.role ?? null,
        expires: invite ? new Date(Date.now() + invite.hours * 3_600_000).toISOString() : null,
        relay: at.sync.relay,
      };
      return { name: "workspace.drystone", content: toBase64(new TextEncoder().encode(JSON.stringify(bundle))), bundle, leftOut: 0 };
    },
    "bundle.inspect": ({ content }: Commands["bundle.inspect"]["args"]) => {
      const info = read(content);
      const here = host.workspaces.some((workspace) => workspace.id === info.workspace);
      return { ...info, joins: info.kind === "invitation" && !here };
    },
    "bundle.import": ({ content, userName }: Commands["bundle.import"]["args"]) => {
      const bundle = read(content);
      const joins = bundle.kind === "invitation" && !host.workspaces.some((workspace) => workspace.id === bundle.workspace);
      if (joins) {
        if (userName !== null) host.setUserName(userName);
        const workspace = host.addWorkspace(bundle.name);
        workspace.id = bundle.workspace || randomHex(32);
        workspace.role = bundle.role ?? "editor";
      }
      host.emit({ type: "workspacesChanged" });
      return { bundle, applied: bundle.newEntries, setAside: 0, admitted: bundle.kind === "answer" ? bundle.author : null, waiting: joins, files: 0 };
    },
  };
}
