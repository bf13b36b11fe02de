let moved = false;

/** Says that the place changes: what is focused now may go away with its view. */
export function placeChanges(): void {
  moved = true;
}

/**
 * Takes the focus when a view appears and what was focused went away with the
 * one before; without this, the keyboard would start at the top of the page.
 * Until the first change of place it does start there, at the way past the
 * controls.
 */
export function takeLostFocus(element: HTMLElement): void {
  const focused = document.activeElement;
  if (moved && (focused === null || focused === document.body || !focused.isConnected)) element.focus({ preventScroll: true });
}
