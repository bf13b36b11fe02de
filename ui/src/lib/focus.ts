/**
 * Takes the focus when a view appears and what was focused went away with the
 * one before; without this, the keyboard would start at the top of the page.
 */
export function takeLostFocus(element: HTMLElement): void {
  const focused = document.activeElement;
  if (focused === null || focused === document.body || !focused.isConnected) element.focus({ preventScroll: true });
}
