import { StateField, type EditorState, type Extension } from "@codemirror/state";
import { EditorView, showTooltip, tooltips, type Tooltip } from "@codemirror/view";
import type { ReferenceHost } from "./references";

/** A longer selection is not a name. */
const LONGEST = 120;

const theme = EditorView.theme({
  ".cm-tooltip.cm-offer": {
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-m)",
    backgroundColor: "var(--raised)",
    boxShadow: "var(--shadow)",
    padding: "2px",
    marginBottom: "0.35rem",
  },
  ".cm-offer button": { padding: "0.25rem 0.7rem", minHeight: "1.75rem", borderRadius: "4px", fontFamily: "var(--font-sans)", fontSize: "var(--text-sm)", fontWeight: "550", color: "var(--ink)" },
  ".cm-offer button:hover": { backgroundColor: "var(--hover)" },
});

/** Selected words can be made an element; this offers it to the pointer. The shortcut does the same. */
export function selectionOffer(host: ReferenceHost): Extension {
  const offer = (state: EditorState): Tooltip | null => {
    const { from, to, empty } = state.selection.main;
    const name = state.sliceDoc(from, Math.min(to, from + LONGEST + 1)).trim();
    if (empty || name === "" || name.length > LONGEST || /[\n\uE020\uE021]/.test(name)) return null;
    return {
      pos: from,
      above: true,
      create() {
        const dom = document.createElement("div");
        dom.className = "cm-offer";
        const button = document.createElement("button");
        button.type = "button";
        button.tabIndex = -1;
        const known = host.known(name);
        button.textContent = known ? `Link to ${known}` : "Make it an element";
        button.title = "Ctrl+Shift+E";
        button.dataset["action"] = "element.make";
        // The selection stays while the button is pressed.
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => host.make());
        dom.append(button);
        return { dom };
      },
    };
  };
  const field = StateField.define<Tooltip | null>({
    create: offer,
    update: (value, transaction) => (transaction.docChanged || transaction.selection ? offer(transaction.state) : value),
    provide: (self) => showTooltip.from(self),
  });
  // Beside the page and not in it, since the page is moved aside and cuts off what stands out.
  return [field, theme, tooltips({ parent: document.querySelector("main") ?? document.body, position: "fixed" })];
}
