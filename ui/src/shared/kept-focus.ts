/** Whether nothing has the focus, or something that is gone. */
function isLost(focused: Element | null): boolean {
  return focused === null || focused === document.body || !focused.isConnected;
}

/**
 * Remembers the focus before something lies over the page, and returns how to
 * give it back: to where it was, or else to the text of the current section,
 * or to the page.
 */
export function keepFocus(): () => void {
  const before = document.activeElement;
  return () => {
    if (before instanceof HTMLElement && !isLost(before)) return before.focus();
    // What closes it may also go elsewhere, and only then is it known whether the focus is lost.
    requestAnimationFrame(() => {
      if (!isLost(document.activeElement) || document.querySelector("dialog[open]")) return;
      const place = document.querySelector<HTMLElement>("[data-current] [data-testid=section-body]") ?? document.getElementById("content");
      place?.focus({ preventScroll: true });
    });
  };
}
