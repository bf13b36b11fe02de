import { subtree, type OutlineSection, type Place } from "../lib/outline";

export type Edge = "before" | "after" | "inside";

/** Where a dragged section would land, and at which item that shows. */
export interface Drop {
  target: string;
  edge: Edge;
  place: Place;
}

interface Point {
  x: number;
  y: number;
}

interface DragHost {
  over(id: string, point: Point): void;
  done(id: string): void;
  cancel(): void;
}

/** What can be dragged in the outline. */
const ITEM = "[data-section-id]";

const idOf = (item: HTMLElement) => item.dataset["sectionId"] ?? item.dataset["recordId"] ?? null;

/** The mouse moves at least this far before a press becomes a drag, in pixels. */
const THRESHOLD = 5;

/**
 * Drags items of a tree by pointer events. HTML drag and drop is taken by some
 * windows for files, and does not exist on touch screens.
 */
export function dragging(tree: HTMLElement, host: DragHost, selector = ITEM): () => void {
  let from: Point | null = null;
  let dragged: string | null = null;
  let moving = false;

  const end = (event: Event) => {
    if (moving && dragged) {
      if (event.type === "pointerup") host.done(dragged);
      else host.cancel();
      // The press ends with a click, which is not meant.
      tree.addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
    }
    from = dragged = null;
    moving = false;
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", end);
    window.removeEventListener("pointercancel", end);
    window.removeEventListener("keydown", escape, true);
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key === "Escape") end(event);
  };
  const move = (event: PointerEvent) => {
    if (!from || !dragged) return;
    if (!moving && Math.hypot(event.clientX - from.x, event.clientY - from.y) < THRESHOLD) return;
    moving = true;
    host.over(dragged, { x: event.clientX, y: event.clientY });
  };
  const start = (event: PointerEvent) => {
    // A finger scrolls; moving by touch goes through the section's menu.
    if (event.button !== 0 || event.pointerType === "touch") return;
    const item = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (!item || (event.target as Element).closest("input, select, textarea")) return;
    dragged = idOf(item);
    from = { x: event.clientX, y: event.clientY };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    window.addEventListener("keydown", escape, true);
  };
  tree.addEventListener("pointerdown", start);
  return () => {
    tree.removeEventListener("pointerdown", start);
    window.removeEventListener("pointermove", move);
  };
}

/** The place under the pointer: above, in or below an item; null where the section cannot go. */
export function dropPlace(tree: HTMLElement, sections: readonly OutlineSection[], dragged: string, point: Point, selector = ITEM): Drop | null {
  const inside = subtree(sections, dragged);
  for (const item of tree.querySelectorAll<HTMLElement>(selector)) {
    const box = item.getBoundingClientRect();
    if (point.y < box.top || point.y >= box.bottom) continue;
    const target = sections.find((section) => section.id === idOf(item));
    if (!target || inside.has(target.id)) return null;
    const part = (point.y - box.top) / box.height;
    const siblings = sections.filter((section) => section.parent === target.parent && section.id !== dragged);
    const index = siblings.indexOf(target);
    if (part < 0.28) return { target: target.id, edge: "before", place: { parent: target.parent, after: siblings[index - 1]?.id ?? null } };
    if (part > 0.72) return { target: target.id, edge: "after", place: { parent: target.parent, after: target.id } };
    const nested = sections.filter((section) => section.parent === target.id && section.id !== dragged);
    return { target: target.id, edge: "inside", place: { parent: target.id, after: nested.at(-1)?.id ?? null } };
  }
  return null;
}
