import { placeChanges } from "../lib/focus";

/** The pages of a document. */
export const PAGES = ["write", "model", "flows", "decisions", "operations", "check"] as const;
export type Page = (typeof PAGES)[number];

/** A page of a document, perhaps at a section or a record. */
export interface DocumentPlace {
  view: "document";
  document: string;
  section: string | null;
  page?: Page;
  record?: string | null;
}

/** Where one is: in the library, or in a document. */
export type Place = { view: "library" } | DocumentPlace;

function isPage(word: string | undefined): word is Page {
  return PAGES.includes(word as Page);
}

/** Where an address leads. */
export function placeAt(hash: string): Place {
  const [, view, document, third, fourth] = hash.replace(/^#/, "").split("/");
  if (view !== "document" || !document) return { view: "library" };
  if (isPage(third)) return { view, document, section: null, page: third, record: fourth || null };
  return { view, document, section: third || null };
}

/** The part of the address that says where one is. */
export function addressOf(place: Place): string {
  if (place.view === "library") return "#/";
  const { document, page = "write", section, record } = place;
  if (page === "write") return `#/document/${document}${section ? `/${section}` : ""}`;
  return `#/document/${document}/${page}${record ? `/${record}` : ""}`;
}

/** The place in the address, so that reloading and the back button work. */
export class Navigation {
  place = $state.raw<Place>(placeAt(location.hash));
  /** Called before a place is left. */
  leaving: () => void = () => {};

  constructor() {
    window.addEventListener("popstate", () => {
      this.leaving();
      placeChanges();
      this.place = placeAt(location.hash);
    });
  }

  /** The page of the document one is in. */
  readonly page: Page = $derived(this.place.view === "document" ? (this.place.page ?? "write") : "write");

  go(place: Place): void {
    if (addressOf(place) === addressOf(this.place)) {
      this.place = place;
      return;
    }
    this.leaving();
    placeChanges();
    history.pushState(null, "", addressOf(place));
    this.place = place;
  }

  /** Changes the place without a step that the back button would take. */
  replace(place: Place): void {
    history.replaceState(null, "", addressOf(place));
    this.place = place;
  }
}
