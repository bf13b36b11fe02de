export type Theme = "system" | "light" | "dark";
/** How the page of the model shows its elements. */
export type ElementLook = "table" | "cards" | "relationships";
export type Mode = "write" | "split" | "read";
/** Layouts by the width that is left after zooming. */
export type Layout = "phone" | "narrow" | "medium" | "wide";

const STORAGE_KEY = "drystone.settings";
const ZOOM_STEPS = [0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2];
const ROOT_FONT_PX = 16;

interface Stored {
  theme: Theme;
  zoom: number;
  mode: Mode;
  outline: boolean;
  inspector: boolean;
  workspace: string | null;
  elementLook: ElementLook;
  /** What the list of elements is ordered by. */
  elementGrouping: string;
}

const defaults: Stored = { theme: "system", zoom: 1, mode: "write", outline: true, inspector: false, workspace: null, elementLook: "table", elementGrouping: "nested" };

function load(): Stored {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
    return { ...defaults, ...(stored as Partial<Stored>) };
  } catch {
    // Storage may be switched off; the settings then last as long as the page.
    return { ...defaults };
  }
}

/** What a person set for this device. Kept in the browser's storage. */
export class Settings {
  private stored = $state<Stored>(load());
  private width = $state(window.innerWidth);
  private prefersDark = $state(false);

  constructor() {
    const dark = window.matchMedia?.("(prefers-color-scheme: dark)");
    this.prefersDark = dark?.matches ?? false;
    dark?.addEventListener("change", (event) => {
      this.prefersDark = event.matches;
      this.apply();
    });
    window.addEventListener("resize", () => {
      this.width = window.innerWidth;
    });
    this.apply();
  }

  readonly theme = $derived(this.stored.theme);
  readonly zoom = $derived(this.stored.zoom);
  /** Set where nothing may be written: then the text is shown to be read, whatever was chosen. */
  onlyToRead: () => boolean = () => false;
  readonly mode = $derived(this.onlyToRead() ? ("read" as Mode) : this.stored.mode);
  readonly outline = $derived(this.stored.outline);
  readonly inspector = $derived(this.stored.inspector);
  readonly workspace = $derived(this.stored.workspace);
  readonly elementLook = $derived(this.stored.elementLook);
  readonly elementGrouping = $derived(this.stored.elementGrouping);
  readonly dark = $derived(this.stored.theme === "dark" || (this.stored.theme === "system" && this.prefersDark));

  readonly layout: Layout = $derived.by(() => {
    const room = this.width / this.stored.zoom;
    if (room < 640) return "phone";
    if (room < 900) return "narrow";
    return room < 1280 ? "medium" : "wide";
  });

  set(change: Partial<Stored>): void {
    this.stored = { ...this.stored, ...change };
    this.apply();
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify(this.stored));
    } catch {
      // See load.
    }
  }

  zoomBy(steps: number): void {
    const nearest = ZOOM_STEPS.reduce((best, step, index) => (Math.abs(step - this.zoom) < Math.abs(ZOOM_STEPS[best]! - this.zoom) ? index : best), 0);
    this.set({ zoom: ZOOM_STEPS[Math.min(ZOOM_STEPS.length - 1, Math.max(0, nearest + steps))]! });
  }

  private apply(): void {
    const root = document.documentElement;
    root.dataset["theme"] = this.dark ? "dark" : "light";
    root.style.fontSize = this.zoom === 1 ? "" : `${ROOT_FONT_PX * this.zoom}px`;
  }
}
