import { autocompletion, pickedCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { mentionOf } from "../actions/mention";
import type { ReferenceHost } from "./references";

/** An @ that begins a word, and what follows; two words at most. */
const QUERY = /(?:^|[\s([“"'*_])@[\p{L}\p{N}-]*(?: [\p{L}\p{N}-]+)?$/u;

const theme = EditorView.theme({
  ".cm-tooltip.cm-tooltip-autocomplete": {
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-l)",
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    boxShadow: "var(--shadow)",
    padding: "var(--space-1)",
    "& > ul": { fontFamily: "var(--font-sans)", fontSize: "var(--text-base)", maxHeight: "18rem" },
    "& > ul > li": { padding: "0.25rem 0.6rem", borderRadius: "var(--radius-m)", display: "flex", gap: "1rem", justifyContent: "space-between" },
    "& > ul > li[aria-selected]": { backgroundColor: "var(--accent-wash)", color: "var(--ink)" },
  },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--ink-faint)" },
  ".cm-completionMatchedText": { textDecoration: "none" },
});

/** Typing @ offers elements; what is chosen becomes a mention. */
export function mentionCompletion(host: ReferenceHost): Extension {
  const source = (context: CompletionContext): CompletionResult | null => {
    const match = context.matchBefore(QUERY);
    if (!match) return null;
    const from = match.from + match.text.indexOf("@");
    const found = host.choices(context.state.sliceDoc(from + 1, context.pos));
    if (found.length === 0) return null;
    const options = found.map(({ id, label, detail }): Completion => ({
      label,
      detail,
      apply(view, completion, start, end) {
        const insert = mentionOf(id);
        view.dispatch({ changes: { from: start, to: end, insert }, selection: { anchor: start + insert.length }, userEvent: "input.complete", annotations: pickedCompletion.of(completion) });
      },
    }));
    return { from, options, filter: false };
  };
  return [autocompletion({ override: [source], icons: false, activateOnTypingDelay: 30 }), theme];
}
