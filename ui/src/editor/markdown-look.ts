import { HighlightStyle, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import type { EditorState, Extension, Range } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { frontMatterLines } from "../lib/front-matter";

/** Front matter is looked for in so many characters. */
const FRONT_MATTER_LIMIT = 10_000;

const highlight = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "600" },
  { tag: tags.strong, fontWeight: "650" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.link, color: "var(--accent)" },
  { tag: tags.url, color: "var(--ink-faint)", fontFamily: "var(--font-mono)", fontSize: "0.85em" },
  { tag: tags.monospace, fontFamily: "var(--font-mono)", fontSize: "0.875em" },
  { tag: tags.quote, color: "var(--ink-soft)", fontStyle: "italic" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.labelName], color: "var(--ink-faint)" },
  { tag: tags.comment, color: "var(--ink-faint)" },
]);

const theme = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "inherit" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-prose)", fontSize: "var(--text-prose)", lineHeight: "var(--leading-prose)", overflow: "visible" },
  ".cm-content": { padding: "0", caretColor: "var(--accent)", overflowWrap: "anywhere" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  ".cm-placeholder": { color: "var(--ink-faint)", fontStyle: "italic" },
  ".cm-edge": { fontSize: "0.1em" },
  ".cm-code": {
    fontFamily: "var(--font-mono)",
    fontSize: "0.875rem",
    lineHeight: "1.55",
    backgroundColor: "var(--sunken)",
    padding: "0 0.9rem",
  },
  // The parser takes front matter for a rule and a heading.
  ".cm-front span": { fontWeight: "inherit", color: "inherit" },
  ".cm-table": { fontFamily: "var(--font-mono)", fontSize: "0.875rem", lineHeight: "1.6" },
  ".cm-quote": { borderLeft: "3px solid var(--line-strong)", paddingLeft: "0.9rem" },
  ".cm-specialChar": { color: "var(--bad)" },
});

const BLOCKS: Record<string, Decoration> = {
  FencedCode: Decoration.line({ class: "cm-code" }),
  CodeBlock: Decoration.line({ class: "cm-code" }),
  Table: Decoration.line({ class: "cm-table" }),
  Blockquote: Decoration.line({ class: "cm-quote" }),
};
const FRONT_MATTER = Decoration.line({ class: "cm-code cm-front" });
const EDGE = Decoration.line({ class: "cm-edge" });

/** Blank lines at the start and the end take little room, unless the caret is there. */
function edges(state: EditorState): Range<Decoration>[] {
  const { doc } = state;
  const caret = doc.lineAt(state.selection.main.head).number;
  const ranges: Range<Decoration>[] = [];
  const blank = (number: number) => /^\s*$/.test(doc.line(number).text);
  let first = 1;
  for (; first < doc.lines && blank(first); first++) {
    if (first !== caret) ranges.push(EDGE.range(doc.line(first).from));
  }
  for (let last = doc.lines; last > first && blank(last); last--) {
    if (last !== caret) ranges.push(EDGE.range(doc.line(last).from));
  }
  return ranges;
}

/** The lines of front matter look like code. */
function frontMatter(state: EditorState): Range<Decoration>[] {
  const { doc } = state;
  if (doc.line(1).text.trimEnd() !== "---") return [];
  const lines = frontMatterLines(doc.sliceString(0, Math.min(doc.length, FRONT_MATTER_LIMIT)));
  return Array.from({ length: lines }, (_, index) => FRONT_MATTER.range(doc.line(index + 1).from));
}

/** Line looks for code, tables and quotes in what can be seen. */
function blocks(view: EditorView): Range<Decoration>[] {
  const ranges: Range<Decoration>[] = [];
  const { doc } = view.state;
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter(node) {
        const look = BLOCKS[node.name];
        if (!look) return;
        const last = doc.lineAt(Math.min(node.to, to)).number;
        for (let number = doc.lineAt(Math.max(node.from, from)).number; number <= last; number++) {
          ranges.push(look.range(doc.line(number).from));
        }
        return false;
      },
    });
  }
  return ranges;
}

const lineLooks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = this.make(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = this.decorations.map(update.changes);
      // Touching lines while an input method composes would end the composition.
      if (update.view.composing) return;
      const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
      if (update.docChanged || update.viewportChanged || update.selectionSet || parsed) this.decorations = this.make(update.view);
    }
    private make(view: EditorView): DecorationSet {
      return Decoration.set([...frontMatter(view.state), ...blocks(view), ...edges(view.state)], true);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/** How Markdown source looks while it is written. */
export const markdownLook: Extension = [theme, syntaxHighlighting(highlight), lineLooks];
