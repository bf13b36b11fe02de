/**
 * Runs a change that may alter heights and scrolls so that the anchor stays
 * where it was on the screen. WebKit has no scroll anchoring of its own, and
 * the caret is a better anchor than what browsers choose.
 */
export function keepInPlace(scroller: HTMLElement, top: () => number | null, change: () => void): void {
  const before = top();
  change();
  const settle = () => {
    const after = top();
    if (before === null || after === null) return;
    const shift = after - before;
    if (Math.abs(shift) >= 1) scroller.scrollTop += shift;
  };
  // Editors measure in the next frame; most changes are already visible now.
  settle();
  requestAnimationFrame(settle);
}

/** The first element that can be seen in a scroller, and its distance from the top. */
export function firstVisible(scroller: HTMLElement, candidates: Iterable<Element>): Element | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const candidate of candidates) {
    if (candidate.getBoundingClientRect().bottom > edge + 1) return candidate;
  }
  return null;
}
