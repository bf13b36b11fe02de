import { StateEffect, StateField, Transaction, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import type { TextSelection } from "../backend/generated/api";

/** A name stands at a caret for this long after it moved, in milliseconds. */
export const NAME_MS = 2_500;

/** Where there is less room to the right, a name stands to the left of its caret, in pixels. */
const NAME_ROOM = 170;

/** Somebody else's caret. */
export interface RemotePerson {
  id: string;
  name: string;
  tone: number;
  selection: TextSelection | null;
}

/** Where carets come from, and where they are in this editor's text. */
export interface CaretSource {
  people(): readonly RemotePerson[];
  place(selection: TextSelection): { anchor: number; head: number } | null;
  /** Whose name is to be shown now although their caret did not move. */
  pointed(): string | null;
}

/** To be dispatched when people came, moved or left. */
export const peopleMoved = StateEffect.define();
/** To be dispatched when names have stood long enough. */
const namesFade = StateEffect.define();

interface Caret {
  id: string;
  name: string;
  tone: number;
  anchor: number;
  head: number;
  /** Until when the name is shown. */
  until: number;
}

interface Carets {
  list: readonly Caret[];
  /** Whether somebody's text has not arrived yet. */
  waiting: boolean;
}

class CaretWidget extends WidgetType {
  constructor(
    private readonly id: string,
    private readonly name: string,
    private readonly tone: number,
    private readonly named: boolean,
  ) {
    super();
  }

  override eq(other: CaretWidget): boolean {
    return other.id === this.id && other.name === this.name && other.tone === this.tone && other.named === this.named;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = "cm-person-caret";
    caret.dataset["tone"] = String(this.tone);
    caret.dataset["testid"] = "remote-caret";
    // Drawn by the style sheet: the name is no part of the text, neither to select nor to be read out in it.
    caret.dataset["name"] = this.name;
    caret.toggleAttribute("data-named", this.named);
    caret.setAttribute("aria-hidden", "true");
    return caret;
  }

  override updateDOM(dom: HTMLElement): boolean {
    // Another person's caret is another element.
    if (dom.dataset["name"] !== this.name || dom.dataset["tone"] !== String(this.tone)) return false;
    dom.toggleAttribute("data-named", this.named);
    return true;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function decorations(carets: Carets, now: number): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { id, name, tone, anchor, head, until } of carets.list) {
    const [from, to] = anchor < head ? [anchor, head] : [head, anchor];
    if (from < to) ranges.push(Decoration.mark({ class: `cm-person-selection`, attributes: { "data-tone": String(tone) } }).range(from, to));
    ranges.push(Decoration.widget({ widget: new CaretWidget(id, name, tone, until > now), side: head === anchor ? -1 : head > anchor ? -1 : 1 }).range(head));
  }
  return Decoration.set(ranges, true);
}

/** Shows the carets and selections of others. */
export function remoteCarets(source: CaretSource): Extension {
  const read = (before: Carets, state: EditorState): Carets => {
    const now = Date.now();
    const list: Caret[] = [];
    let waiting = false;
    const pointed = source.pointed();
    for (const { id, name, tone, selection } of source.people()) {
      if (!selection) continue;
      const known = before.list.find((caret) => caret.id === id);
      const found = source.place(selection);
      waiting ||= found === null;
      const at = found ?? known;
      if (!at) continue;
      const [anchor, head] = [Math.min(at.anchor, state.doc.length), Math.min(at.head, state.doc.length)];
      const moved = !known || known.head !== head || known.anchor !== anchor || pointed === id;
      list.push({ id, name, tone, anchor, head, until: moved ? now + NAME_MS : known.until });
    }
    return { list, waiting };
  };
  /** While others' text comes in, a caret that stood where they wrote moves with it; what is written here goes after it. */
  const follow = ({ list, waiting }: Carets, transaction: Transaction): Carets => {
    const side = transaction.annotation(Transaction.remote) ? 1 : -1;
    const at = (position: number) => transaction.changes.mapPos(position, side);
    return { list: list.map((caret) => ({ ...caret, anchor: at(caret.anchor), head: at(caret.head) })), waiting };
  };
  const field = StateField.define<{ carets: Carets; shown: DecorationSet }>({
    create: (state) => {
      const carets = read({ list: [], waiting: false }, state);
      return { carets, shown: decorations(carets, Date.now()) };
    },
    update: (value, transaction) => {
      const moved = transaction.effects.some((effect) => effect.is(peopleMoved));
      const faded = transaction.effects.some((effect) => effect.is(namesFade));
      if (!transaction.docChanged && !moved && !faded) return value;
      let carets = transaction.docChanged ? follow(value.carets, transaction) : value.carets;
      if (moved) carets = read(carets, transaction.state);
      return { carets, shown: decorations(carets, Date.now()) };
    },
    provide: (field) => EditorView.decorations.from(field, ({ shown }) => shown),
  });
  const clock = ViewPlugin.fromClass(
    class {
      private timer: ReturnType<typeof setTimeout> | null = null;
      private retry: ReturnType<typeof setTimeout> | null = null;

      constructor(private readonly view: EditorView) {
        this.plan();
        this.turnNames();
      }

      update(update: ViewUpdate) {
        this.plan();
        this.turnNames();
        if (update.docChanged && update.state.field(field).carets.waiting) this.retry ??= setTimeout(() => this.again(), 0);
      }

      destroy() {
        if (this.timer) clearTimeout(this.timer);
        if (this.retry) clearTimeout(this.retry);
      }

      private again() {
        this.retry = null;
        this.view.dispatch({ effects: peopleMoved.of(null) });
      }

      /** A name that would be cut off at the edge of the page stands to the left of its caret. */
      private turnNames() {
        this.view.requestMeasure({
          key: this,
          read: (view) => {
            const room = (view.dom.closest("[data-scroller]") ?? view.dom).getBoundingClientRect().right;
            const carets = [...view.contentDOM.querySelectorAll<HTMLElement>(".cm-person-caret")];
            return carets.map((caret) => ({ caret, turned: room - caret.getBoundingClientRect().left < NAME_ROOM }));
          },
          write: (measured) => {
            for (const { caret, turned } of measured) caret.toggleAttribute("data-turned", turned);
          },
        });
      }

      private plan() {
        const next = Math.min(...this.view.state.field(field).carets.list.map(({ until }) => until).filter((until) => until > Date.now()));
        if (this.timer) clearTimeout(this.timer);
        this.timer = Number.isFinite(next) ? setTimeout(() => this.view.dispatch({ effects: namesFade.of(null) }), next - Date.now() + 10) : null;
      }
    },
  );
  return [field, clock, look];
}

const look = EditorView.baseTheme({
  ".cm-person-caret": {
    position: "relative",
    display: "inline-block",
    width: "0",
    height: "1.15em",
    verticalAlign: "text-bottom",
    pointerEvents: "auto",
  },
  // A line and a foot: a form of its own, besides its colour.
  ".cm-person-caret::before": {
    content: "''",
    position: "absolute",
    left: "-1px",
    top: "0",
    bottom: "0",
    width: "2px",
    borderRadius: "1px",
    backgroundColor: "var(--person)",
    boxShadow: "0 -1px 0 1.5px var(--person)",
    clipPath: "inset(-3px -4px 0 -4px)",
  },
  ".cm-person-caret::after": {
    content: "attr(data-name)",
    position: "absolute",
    left: "-1px",
    bottom: "100%",
    zIndex: "6",
    maxWidth: "14rem",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    padding: "0.05rem 0.4rem",
    borderRadius: "4px 4px 4px 0",
    backgroundColor: "var(--person)",
    color: "var(--person-ink)",
    font: "600 var(--text-xs) / 1.35 var(--font-sans)",
    fontStyle: "normal",
    letterSpacing: "0",
    opacity: "0",
    transition: "opacity var(--calm)",
    pointerEvents: "none",
  },
  ".cm-person-caret[data-turned]::after": { left: "auto", right: "-1px", borderRadius: "4px 4px 0 4px" },
  ".cm-person-caret[data-named]::after, .cm-person-caret:hover::after": { opacity: "1" },
  ".cm-person-selection": { backgroundColor: "var(--person-wash)", borderBottom: "2px solid var(--person)", borderRadius: "2px" },
});
