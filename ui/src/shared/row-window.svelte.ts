import { tick } from "svelte";
import { visibleRows } from "./visible-rows";

/** A row of a long list. */
interface Row {
  id: string;
}

/** The part of a long list that is made: what can be seen, and the row with the focus. */
export class RowWindow<T extends Row> {
  scroller = $state<HTMLElement>();
  /** Width and height of what can be seen, in pixels. */
  width = $state(0);
  room = $state(400);
  top = $state(0);
  /** The row that was acted on last. */
  active = $state<string | null>(null);

  constructor(
    private readonly list: () => readonly T[],
    /** Height of a row, in pixels. */
    private readonly height: () => number,
    /** The row that is in the details, if any. */
    private readonly selected: () => string | null,
  ) {}

  readonly rows = $derived.by(() => this.list());
  readonly px = $derived.by(() => this.height());
  readonly place: ReadonlyMap<string, number> = $derived(new Map(this.rows.map((row, index) => [row.id, index])));
  /** The row that Tab leads to. */
  readonly current = $derived.by(() => [this.active, this.selected()].find((id) => id !== null && this.place.has(id)) ?? this.rows[0]?.id ?? null);
  private readonly range = $derived(visibleRows(this.top, this.room, this.px, this.rows.length));
  readonly made = $derived.by(() => {
    const list = Array.from({ length: this.range.to - this.range.from }, (_, index) => this.range.from + index);
    const at = this.current === null ? undefined : this.place.get(this.current);
    return at !== undefined && (at < this.range.from || at >= this.range.to) ? [...list, at] : list;
  });

  at(index: number): T | undefined {
    return this.rows[Math.max(0, Math.min(this.rows.length - 1, index))];
  }

  /** Where a key leads from a row; undefined for other keys. */
  moved(key: string, index: number): number | undefined {
    const page = Math.max(1, Math.floor(this.room / this.px) - 1);
    const moves: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: this.rows.length - 1, PageDown: index + page, PageUp: index - page };
    return moves[key];
  }

  /** Brings a row into view and gives it, or something in it, the focus. */
  async focus(index: number, within = ""): Promise<void> {
    const row = this.at(index);
    const { scroller } = this;
    if (!row || !scroller) return;
    this.active = row.id;
    const top = (this.place.get(row.id) ?? 0) * this.px;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + this.px > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + this.px - scroller.clientHeight;
    await tick();
    scroller.querySelector<HTMLElement>(`[data-row="${row.id}"]${within}`)?.focus({ preventScroll: true });
  }
}
