import type { SectionState, SectionView } from "../backend/generated/api";
import { sectionState } from "../lib/completeness";
import { spliceString } from "../lib/splices";
import type { SectionUpdate } from "../backend/generated/api";

/** One section as the page shows it. */
export class Section {
  readonly id: string;
  parent = $state<string | null>(null);
  level = $state(1);
  title = $state("");
  key = $state<string | null>(null);
  path = $state("");
  /** The record whose name the heading shows. */
  record = $state<string | null>(null);
  guidance = $state<string | null>(null);
  text = $state.raw("");
  /** The text with the values of its references, as the core last rendered it; shown until the model is here. */
  rendered = $state.raw<string | null>(null);
  state = $state<SectionState>("empty");
  version = 0;

  constructor(view: SectionView) {
    this.id = view.id;
    this.takeStructure(view);
    this.rendered = view.rendered;
    this.takeText(view.text, view.version, view.state);
  }

  /** Takes everything but the text. */
  takeStructure(view: SectionView): void {
    this.parent = view.parent;
    this.level = view.level;
    this.title = view.title;
    this.key = view.key;
    this.path = view.path;
    this.record = view.record;
    this.guidance = view.guidance;
  }

  takeText(text: string, version: number, state: SectionState): void {
    this.text = text;
    this.version = version;
    this.state = state;
  }

  /** Takes a text that was typed here. */
  typed(text: string): void {
    this.text = text;
    this.state = sectionState(text);
  }

  /** Takes in an update; false when something between is missing. */
  receive(update: SectionUpdate): boolean {
    if (update.version <= this.version) return true;
    if (update.version > this.version + 1) return false;
    try {
      this.typed(spliceString(this.text, update.splices));
    } catch {
      return false;
    }
    this.version = update.version;
    return true;
  }
}
