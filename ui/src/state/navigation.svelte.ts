import { placeChanges } from "../lib/focus";

/** Where one is: in the library, or in a document, perhaps at a section. */
export type Place = { view: "library" } | { view: "document"; document: string; section: string | null };

function parse(hash: string): Place {
  const [, view, document, section] = hash.replace(/^#/, "").split("/");
  if (view === "document" && document) return { view, document, section: section || null };
  return { view: "library" };
}

function write(place: Place): string {
  if (place.view === "library") return "#/";
  return `#/document/${place.document}${place.section ? `/${place.section}` : ""}`;
}

/** The place in the address, so that reloading and the back button work. */
export class Navigation {
  place = $state.raw<Place>(parse(location.hash));
  /** Called before a place is left. */
  leaving: () => void = () => {};

  constructor() {
    window.addEventListener("popstate", () => {
      this.leaving();
      placeChanges();
      this.place = parse(location.hash);
    });
  }

  go(place: Place): void {
    if (write(place) === write(this.place)) {
      this.place = place;
      return;
    }
    this.leaving();
    placeChanges();
    history.pushState(null, "", write(place));
    this.place = place;
  }
}
