import { Prec, StateEffect, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, keymap, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { findReferences, renderReferences, type FoundReference, type Reference } from "../lib/reference";

export interface MentionChoice {
  id: string;
  label: string;
  detail: string;
}

/** What the editor asks about references, and what it can start. */
export interface ReferenceHost {
  show(reference: Reference): string;
  look(reference: Reference): "mention" | "value" | "gone";
  /** What it is, such as “Purpose of Desk”. */
  what(reference: Reference): string;
  choices(query: string): MentionChoice[];
  /** A mention of the record that an address of this document leads to, if it leads to one. */
  pasted(text: string): string | null;
  /** The element that has a name, if one has. */
  known(name: string): string | null;
  open(id: string): void;
  /** Makes the selected words an element. */
  make(): void;
}

/** Says that what references show may be different now. */
export const recordsChanged = StateEffect.define<null>();

class Chip extends WidgetType {
  constructor(
    private readonly reference: FoundReference,
    private readonly text: string,
    private readonly look: string,
    private readonly what: string,
  ) {
    super();
  }

  override eq(other: Chip): boolean {
    return this.reference.id === other.reference.id && this.text === other.text && this.look === other.look && this.what === other.what;
  }

  override toDOM(): HTMLElement {
    const chip = document.createElement("span");
    chip.className = `cm-reference cm-reference-${this.look}`;
    chip.dataset["record"] = this.reference.id;
    chip.textContent = this.text || "…";
    chip.title = this.look === "gone" ? `${this.text}: this was deleted` : `${this.what}. Ctrl and a click, or Alt+Enter beside it, opens it.`;
    return chip;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

function decorations(view: EditorView, host: ReferenceHost): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { from, to } of view.visibleRanges) {
    // Whole lines, so that a reference at the edge is whole.
    const start = view.state.doc.lineAt(from).from;
    const text = view.state.sliceDoc(start, view.state.doc.lineAt(to).to);
    for (const reference of findReferences(text)) {
      const chip = new Chip(reference, host.show(reference), host.look(reference), host.what(reference));
      ranges.push(Decoration.replace({ widget: chip }).range(start + reference.from, start + reference.to));
    }
  }
  return Decoration.set(ranges, true);
}

/** The reference that the caret touches. */
function beside(state: EditorState): FoundReference | null {
  const { head } = state.selection.main;
  const line = state.doc.lineAt(head);
  return findReferences(line.text).find(({ from, to }) => line.from + from <= head && head <= line.from + to) ?? null;
}

const theme = EditorView.theme({
  ".cm-reference": { borderRadius: "3px", padding: "0 0.12em", whiteSpace: "pre-wrap", cursor: "pointer" },
  ".cm-reference-mention": { backgroundColor: "var(--accent-wash)", color: "var(--accent-strong)", borderBottom: "1.5px solid var(--lichen)" },
  ".cm-reference-value": { boxShadow: "inset 0 -0.12em 0 var(--lichen)" },
  ".cm-reference-gone": { backgroundColor: "var(--bad-wash)", color: "var(--bad)", textDecoration: "line-through" },
});

/** References as chips that show what they stand for, and that the caret steps over. */
export function references(host: ReferenceHost): Extension {
  const chips = ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      /** Something changed while an input method composed. */
      private late = false;
      constructor(view: EditorView) {
        this.decorations = decorations(view, host);
      }
      update(update: ViewUpdate) {
        const told = update.transactions.some((transaction) => transaction.effects.some((effect) => effect.is(recordsChanged)));
        if (update.docChanged) this.decorations = this.decorations.map(update.changes);
        if (update.view.composing) {
          // Touching the line while an input method composes would end the composition.
          this.late = this.late || told || update.docChanged || update.viewportChanged;
          return;
        }
        if (update.docChanged || update.viewportChanged || told || this.late) {
          this.late = false;
          this.decorations = decorations(update.view, host);
        }
      }
    },
    {
      decorations: (plugin) => plugin.decorations,
      provide: (plugin) => EditorView.atomicRanges.of((view) => view.plugin(plugin)?.decorations ?? Decoration.none),
    },
  );
  return [
    chips,
    theme,
    EditorView.clipboardOutputFilter.of((text) => renderReferences(text, (reference) => host.show(reference)).text),
    EditorView.domEventHandlers({
      mousedown(event) {
        const chip = event.target instanceof Element ? event.target.closest<HTMLElement>(".cm-reference") : null;
        const id = chip?.dataset["record"];
        if (!id || !(event.ctrlKey || event.metaKey)) return false;
        event.preventDefault();
        host.open(id);
        return true;
      },
    }),
    Prec.high(
      keymap.of([
        {
          key: "Alt-Enter",
          run({ state }) {
            const reference = beside(state);
            if (reference) host.open(reference.id);
            return reference !== null;
          },
        },
      ]),
    ),
  ];
}
