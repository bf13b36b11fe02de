import { copyText } from "../lib/clipboard";
import { plainTitle } from "../lib/plain-title";
import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";

/** The name that Markdown viewers give a heading in addresses. */
function anchor(title: string): string {
  return plainTitle(title)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/** Follows a link in the text: inside the document, or out of it. */
export function followLink(app: App, document: OpenDocument, link: HTMLAnchorElement, event: MouseEvent): void {
  const address = link.getAttribute("href") ?? "";
  if (address.startsWith("#")) {
    event.preventDefault();
    const wanted = decodeURIComponent(address.slice(1)).toLowerCase();
    const section = document.sections.find((candidate) => anchor(candidate.title) === wanted);
    if (section) document.scrollTo(section.id);
    return;
  }
  const leaves = /^[a-z][a-z+.-]*:/i.test(address);
  // The window shows nothing but Drystone, and a relative address has nothing it is relative to.
  if (!leaves || app.backend.host === "window") {
    event.preventDefault();
    void copyText(address).then((copied) => app.toasts.say(copied ? `Copied the address ${address}.` : `The link leads to ${address}.`));
  }
}
