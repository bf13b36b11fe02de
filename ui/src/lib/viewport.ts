/** What rounding left over at the last correction; without it, many small ones would add up to a drift. */
const leftOver = new WeakMap<HTMLElement, number>();

/**
 * Runs a change that may alter heights and scrolls so that the anchor stays
 * where it was on the screen. WebKit has no scroll anchoring of its own, and
 * the caret is a better anchor than what browsers choose.
 */
export function keepInPlace(scroller: HTMLElement, top: () => number | null, change: () => void): void {
  const before = top();
  change();
  if (before === null) return;
  const wanted = before - (leftOver.get(scroller) ?? 0);
  const settle = () => {
    const after = top();
    if (after === null) return;
    // Scroll positions are whole pixels on most screens.
    const shift = Math.round(after - wanted);
    if (shift !== 0) scroller.scrollTop += shift;
    leftOver.set(scroller, after - shift - wanted);
  };
  settle();
  // Editors measure in the next frame; most of the change is visible already.
  requestAnimationFrame(settle);
}

/** The first element that can be seen in a scroller. */
export function firstVisible(scroller: HTMLElement, candidates: Iterable<Element>): Element | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const candidate of candidates) {
    if (candidate.getBoundingClientRect().bottom > edge + 1) return candidate;
  }
  return null;
}
