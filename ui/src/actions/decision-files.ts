import { problem } from "../backend/backend";
import { toBase64 } from "../lib/base64";
import { counted } from "../lib/wording";
import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";

export type DecisionFormat = "madr" | "adr-tools" | "log4brains";

/** The most files of one import, and the most they may hold together. */
const MAX_FILES = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Imports decision records into the document; all or none. */
export function importDecisions(app: App, document: OpenDocument, files: readonly File[]): Promise<boolean> {
  return app.attempt(async () => {
    const records = files.filter((file) => /\.(md|markdown|ya?ml)$/i.test(file.name));
    const size = records.reduce((sum, file) => sum + file.size, 0);
    if (records.length === 0) throw problem("bad-input", "There are no Markdown files among these.", "Choose the folder that holds the decision records.");
    if (records.length > MAX_FILES || size > MAX_BYTES) throw problem("too-large", "These are more files than one import takes.", `Import at most ${MAX_FILES} files at once.`);
    const named = await Promise.all(records.map(async (file) => ({ name: file.webkitRelativePath || file.name, content: toBase64(new Uint8Array(await file.arrayBuffer())) })));
    const imported = await app.backend.call("decisions.import", { files: named, format: null, into: document.id, title: null, workspace: null });
    const { applied } = imported.lift;
    if (applied) document.model.remember(applied);
    app.toasts.say(`Imported ${counted(imported.lift.added["decisions"] ?? records.length, "decision")}.`);
  });
}

/** Exports all decisions, one file each. */
export function exportDecisions(app: App, document: OpenDocument, format: DecisionFormat): Promise<boolean> {
  return app.attempt(async () => {
    await document.flush();
    const files = await app.backend.call("decisions.export", { document: document.id, format });
    let saved = 0;
    for (const { name, content } of files) {
      // Someone who cancels one does not want the rest either.
      if ((await app.backend.saveFile(name, "text/markdown", content)) === null) break;
      saved++;
    }
    if (saved > 0) app.toasts.say(`Exported ${counted(saved, "file")}.`);
  });
}
