import type { Role } from "../backend/generated/api";
import { fromBase64, toBase64 } from "../lib/base64";
import { counted } from "../lib/wording";
import type { App } from "../state/app.svelte";

const MIME = "application/octet-stream";
/** What bundle files end with. */
export const BUNDLE = ".drystone";

export const isBundle = (file: File): boolean => file.name.toLowerCase().endsWith(BUNDLE);

/** Writes a bundle of the workspace to a file of the person's choice; `invite` invites whoever gets it. */
export async function exportBundle(app: App, invite: { role: Role; hours: number } | null = null, attachments = false): Promise<void> {
  await app.attempt(async () => {
    if (app.document) await app.document.flush();
    const { name, content, bundle, leftOut } = await app.backend.call("bundle.export", { workspace: app.workspaces.current?.id ?? null, since: null, invite, attachments });
    const saved = await app.backend.saveFile(name, MIME, content);
    if (saved === null) return;
    const size = `${counted(bundle.entries, "entry", "entries")}, ${Math.ceil(fromBase64(content).length / 1024)} KB`;
    const left = leftOut === 0 ? "" : ` ${counted(leftOut, "file")} did not fit or ${leftOut === 1 ? "is" : "are"} not here.`;
    app.toasts.say(`Saved as ${saved}: ${size}.${left}`);
  });
}

/** Looks at a bundle and shows what taking it in would do. */
export async function openBundle(app: App, file: File): Promise<void> {
  await app.attempt(async () => app.showBundle(toBase64(new Uint8Array(await file.arrayBuffer()))));
}

/** Lets the person choose a bundle. */
export function pickBundle(app: App): void {
  app.dialogs.pickFile(async ([file]) => {
    if (file) await openBundle(app, file);
  }, BUNDLE);
}
