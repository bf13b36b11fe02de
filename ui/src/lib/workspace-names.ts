import type { WorkspaceSummary } from "../backend/generated/api";
import { counted } from "./wording";

type Named = Pick<WorkspaceSummary, "id" | "name" | "role" | "documents">;

const plainName = ({ name }: Named) => name || "Unnamed workspace";

/**
 * What a workspace is called in a list of several. Names are chosen by people
 * and may be the same; then whose it is tells them apart, and as a last resort
 * how much is in it.
 */
export function workspaceName(workspace: Named, all: readonly Named[], owners: Readonly<Record<string, string>>): string {
  const twins = all.filter((other) => other.id !== workspace.id && plainName(other) === plainName(workspace));
  if (twins.length === 0) return plainName(workspace);
  const whose = (one: Named) => (one.role === "owner" ? "yours" : owners[one.id] ? `of ${owners[one.id]}` : `shared with you, ${one.role}`);
  const alike = twins.some((other) => whose(other) === whose(workspace));
  return `${plainName(workspace)} (${whose(workspace)}${alike ? `, ${counted(workspace.documents, "document")}` : ""})`;
}
