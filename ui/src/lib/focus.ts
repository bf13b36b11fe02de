/** The first view of a page leaves the focus at the top, where the way past the controls is. */
let first = true;

/**
 * Takes the focus when a view appears and what was focused went away with the
 * one before; without this, the keyboard would start at the top of the page.
 */
export function takeLostFocus(element: HTMLElement): void {
  if (first) {
    first = false;
    return;
  }
  const focused = document.activeElement;
  if (focused === null || focused === document.body || !focused.isConnected) element.focus({ preventScroll: true });
}
