import { toProblem } from "../backend/backend";
import type { AttachmentView } from "../backend/generated/api";
import { toBase64 } from "../lib/base64";
import { counted } from "../lib/wording";
import type { App } from "../state/app.svelte";
import type { AttachmentTarget } from "../state/attachments.svelte";
import type { OpenDocument } from "../state/document.svelte";
import { atSection, currentSection, type Action } from "./action";
import { deleteRecords } from "./model";

/** A file that is saved through the page is held in memory, up to this size in bytes. */
const SAVED_BYTES = 300_000_000;
const POSITIONED = /^image\/(jpeg|png|webp|gif)$/;

/** Attaches files, one after the other. */
export async function attachFiles(app: App, document: OpenDocument, target: AttachmentTarget, files: readonly File[]): Promise<void> {
  const { attachments } = document;
  let cleaned = 0;
  let added = 0;
  for (const file of files) {
    try {
      const view = await attach(app, document, target, file, attachments.keepPosition);
      if (!view) continue;
      added++;
      if (!attachments.keepPosition && POSITIONED.test(view.mediaType)) cleaned++;
    } catch (thrown) {
      const { code, message, advice, place } = toProblem(thrown);
      app.toasts.fail({ code, message: `${file.name}: ${message}`, advice, place });
    }
  }
  if (added === 0) return;
  const what = added === 1 ? "the file" : counted(added, "file");
  const position = cleaned === 0 ? "" : cleaned === 1 ? " Where the photo was taken was taken out of it." : " Where the photos were taken was taken out of them.";
  app.toasts.say(`Attached ${what}.${position}`);
}

/** Of some kinds of file where they were taken cannot be taken out: the person decides. */
async function attach(app: App, document: OpenDocument, target: AttachmentTarget, file: File, keep: boolean): Promise<AttachmentView | null> {
  try {
    return await document.attachments.add(target, file, keep);
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (problem.code !== "confirm") throw thrown;
    const yes = await app.dialogs.ask(`Attach ${file.name} with its position?`, `${problem.message} ${problem.advice}`, "Attach with position");
    return yes ? document.attachments.add(target, file, true) : null;
  }
}

/** Asks for files and attaches them. */
export function pickAttachments(app: App, document: OpenDocument, target: AttachmentTarget): void {
  app.dialogs.pickFile((files) => attachFiles(app, document, target, files), "");
}

/** Puts a file where the person wants it, after fetching it if need be. */
export async function saveAttachment(app: App, document: OpenDocument, view: AttachmentView): Promise<void> {
  await app.attempt(async () => {
    if (view.size > SAVED_BYTES) {
      app.toasts.say(`${view.name} is too large to be saved from here: drystone attach save does it.`);
      return;
    }
    if (view.state !== "here") await document.attachments.fetch(view.id);
    const content = toBase64(await document.attachments.read(view.id));
    const saved = await app.backend.saveFile(view.name, view.mediaType || "application/octet-stream", content);
    if (saved !== null) app.toasts.say(`Saved ${view.name}.`);
  });
}

export async function fetchAttachment(app: App, document: OpenDocument, view: AttachmentView): Promise<void> {
  await app.attempt(() => document.attachments.fetch(view.id));
}

/** Puts an attachment into the trash; it can be undone. */
export async function removeAttachment(app: App, document: OpenDocument, view: AttachmentView): Promise<void> {
  await deleteRecords(app, document, [view.id]);
}

/** Shows an attachment, and the others beside it. */
export function showAttachment(app: App, view: AttachmentView, all: readonly AttachmentView[]): void {
  app.dialogs.open({ kind: "attachment", id: view.id, ids: all.map((one) => one.id) });
}

export const attachmentActions: Action[] = [
  {
    id: "section.attach",
    writes: true,
    title: "Attach files to the section",
    group: "Section",
    keywords: "photo image picture upload attachment",
    available: atSection,
    run: (app) => {
      const at = currentSection(app);
      if (at) pickAttachments(app, at.document, { about: null, section: at.section.id });
    },
  },
];
