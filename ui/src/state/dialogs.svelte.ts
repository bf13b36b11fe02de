import type { Problem } from "../backend/backend";

/** What can lie over the page; one at a time. */
export type Dialog =
  | { kind: "palette" }
  | { kind: "shortcuts" }
  | { kind: "newDocument" }
  | { kind: "renameDocument"; id: string; title: string }
  | { kind: "sharing" }
  | { kind: "join"; link: string }
  | { kind: "createWorkspace" }
  | { kind: "userName" }
  | { kind: "about" }
  | { kind: "problem"; problem: Problem };

/** Which dialog is open. */
export class Dialogs {
  current = $state.raw<Dialog | null>(null);
  /** The outline and the inspector as drawers, where there is no room for them beside the page. */
  drawer = $state<"outline" | "inspector" | null>(null);

  /** Opens the file picker for imports; set by the component that holds its input. */
  pickFile: () => void = () => {};
  /** Puts the caret into the search field; set by the top bar. */
  focusSearch: () => void = () => {};

  open(dialog: Dialog): void {
    this.drawer = null;
    this.current = dialog;
  }

  close(): void {
    this.current = null;
  }
}
