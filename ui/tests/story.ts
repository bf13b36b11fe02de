import { MemoryBackend } from "../src/backend/memory";
import { toBase64 } from "../src/lib/base64";
import { OpenDocument } from "../src/state/document.svelte";

/** A backend with one document of that Markdown, opened; events reach it as they do in the app. */
export async function opened(markdown: string) {
  const backend = new MemoryBackend();
  const content = toBase64(new TextEncoder().encode(markdown));
  const { id } = await backend.call("document.import", { name: "t.md", content, template: "full", templateFile: null, workspace: null, format: null, lift: false, into: null });
  const document = await OpenDocument.open(backend, id);
  backend.subscribe((event) => document.receive(event));
  const section = (title: string) => {
    const found = document.sections.find((candidate) => candidate.title === title);
    if (!found) throw new Error(`no section ${title}`);
    return found;
  };
  const type = (title: string, text: string, at = 0) => {
    const sync = document.sync(section(title).id);
    sync?.dispatch(sync.state.update({ changes: { from: at, insert: text } }));
  };
  const markdownNow = () => backend.find(id).markdown();
  return { backend, document, id, section, type, markdownNow };
}
