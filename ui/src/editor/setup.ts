import { completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, historyKeymap } from "@codemirror/commands";
import { markdown, markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { Prec, type Extension } from "@codemirror/state";
import { EditorView, highlightSpecialChars, keymap, placeholder, type Command } from "@codemirror/view";
import { toggleMarks } from "./commands";
import { markdownLook } from "./markdown-look";
import { withoutReferenceMarks } from "../lib/reference";
import { mentionCompletion } from "./mention-completion";
import { references, type ReferenceHost } from "./references";
import { remoteCarets, type CaretSource } from "./remote-carets";
import { selectionOffer } from "./selection-offer";
import { useConstructedSheets } from "./style-sheets";

useConstructedSheets();

/** What an editor tells the page. */
export interface EditorHost {
  label: string;
  /** Escape. */
  leave(): void;
  /** The caret left at the top or the bottom. */
  leaveTowards(direction: -1 | 1): boolean;
  /** The focus went elsewhere. */
  blurred(): void;
  references: ReferenceHost;
  carets: CaretSource;
}

/** Moves on to the neighbouring section when the caret cannot go further. */
function across(host: EditorHost, direction: -1 | 1): Command {
  return (view) => {
    const { main } = view.state.selection;
    if (!main.empty) return false;
    const moved = view.moveVertically(main, direction > 0);
    return moved.head === main.head || isEdge(view, main.head, direction) ? host.leaveTowards(direction) : false;
  };
}

/** Whether only blank lines follow in a direction, and the caret is on the outermost visual line. */
function isEdge(view: EditorView, head: number, direction: -1 | 1): boolean {
  const { doc } = view.state;
  const line = doc.lineAt(head);
  const rest = direction > 0 ? doc.sliceString(line.to) : doc.sliceString(0, line.from);
  if (rest.trim() !== "") return false;
  const edge = view.coordsAtPos(direction > 0 ? line.to : line.from);
  const caret = view.coordsAtPos(head);
  return edge !== null && caret !== null && Math.abs(edge.top - caret.top) < 2;
}

/** Everything an editor of a section needs besides the collaboration. */
export function editorSetup(host: EditorHost): Extension {
  return [
    // Before the list of elements, which would take the key while it only looks for some.
    Prec.highest(keymap.of([{ key: "Escape", run: ({ state }) => completionStatus(state) !== "active" && (host.leave(), true) }])),
    Prec.high(
      keymap.of([
        { key: "ArrowUp", run: across(host, -1) },
        { key: "ArrowDown", run: across(host, 1) },
        { key: "Mod-b", run: toggleMarks("**") },
        { key: "Mod-i", run: toggleMarks("*") },
        { key: "Mod-e", run: toggleMarks("`") },
      ]),
    ),
    // Mod-Enter ends writing; the default would insert a line. Alt with arrows belongs to the outline's sections.
    keymap.of([...markdownKeymap, ...historyKeymap, ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter")]),
    markdown({ base: markdownLanguage, addKeymap: false }),
    markdownLook,
    references(host.references),
    mentionCompletion(host.references),
    selectionOffer(host.references),
    remoteCarets(host.carets),
    highlightSpecialChars(),
    EditorView.lineWrapping,
    placeholder("Write here, in Markdown."),
    // Line ends from other programs would become stray characters.
    EditorView.clipboardInputFilter.of((text) => host.references.pasted(text) ?? withoutReferenceMarks(text.replace(/\r\n?/g, "\n"))),
    EditorView.contentAttributes.of({ "aria-label": host.label, spellcheck: "true", autocapitalize: "sentences", autocorrect: "on" }),
    EditorView.domEventHandlers({ blur: () => host.blurred() }),
  ];
}
