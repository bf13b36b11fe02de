import type { Problem } from "../backend/backend";
import type { BundleInfo, CheckFinding, Value } from "../backend/generated/api";

/** What can lie over the page; one at a time. */
export type Dialog =
  | { kind: "palette" }
  | { kind: "shortcuts" }
  | { kind: "newDocument" }
  | { kind: "renameDocument"; id: string; title: string }
  | { kind: "sharing" }
  | { kind: "join"; link: string }
  | { kind: "bundle"; content: string; info: BundleInfo }
  | { kind: "createWorkspace" }
  | { kind: "userName" }
  | { kind: "deviceName"; id: string; name: string }
  | { kind: "addDevice" }
  | { kind: "deviceCode" }
  | { kind: "recovery" }
  | { kind: "proof" }
  | { kind: "useRecovery" }
  | { kind: "about" }
  | { kind: "confirm"; title: string; message: string; button: string; answer: (yes: boolean) => void }
  | { kind: "makeElement"; name: string; make: (name: string, kind: string) => Promise<unknown> }
  | { kind: "addRecord"; collection: string; fields: Record<string, Value> }
  | { kind: "suppress"; finding: CheckFinding }
  | { kind: "attachment"; id: string; ids: string[] }
  | { kind: "import" }
  | { kind: "lift" }
  | { kind: "trash" }
  | { kind: "template" }
  | { kind: "decisionFiles" }
  | { kind: "problem"; problem: Problem };

/** Which dialog is open. */
export class Dialogs {
  current = $state.raw<Dialog | null>(null);
  /** The outline and the inspector as drawers, where there is no room for them beside the page. */
  drawer = $state<"outline" | "inspector" | null>(null);

  /** Opens the file picker, for imports unless told otherwise; set by the component that holds its input. */
  pickFile: (take?: (files: File[]) => Promise<void>, accept?: string) => void = () => {};
  /** Puts the caret into the search field; set by the top bar. */
  focusSearch: () => void = () => {};

  open(dialog: Dialog): void {
    // A question that something else takes the place of is answered with no.
    this.refuse();
    this.drawer = null;
    this.current = dialog;
  }

  close(): void {
    this.refuse();
    this.current = null;
  }

  /** Asks whether to go on. */
  ask(title: string, message: string, button: string): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (yes: boolean) => {
        this.current = null;
        resolve(yes);
      };
      this.open({ kind: "confirm", title, message, button, answer });
    });
  }

  private refuse(): void {
    if (this.current?.kind === "confirm") this.current.answer(false);
  }
}
