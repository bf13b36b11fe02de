import type { MenuPlace } from "./menu";

/**
 * Listens for whatever asks for a context menu: the pointer, the menu key,
 * Shift+F10. `show` says whether there is one for what was meant.
 */
export function contextMenu(show: (target: HTMLElement, place: MenuPlace) => boolean): (element: HTMLElement) => () => void {
  return (element) => {
    const asked = (event: MouseEvent | KeyboardEvent, place: (target: HTMLElement) => MenuPlace) => {
      const { target } = event;
      // A field has the menu of the system, with copying and spelling.
      if (!(target instanceof HTMLElement) || target.closest("input:not([type=checkbox]), textarea, [contenteditable]")) return;
      if (!show(target, place(target))) return;
      event.preventDefault();
      event.stopPropagation();
    };
    const below = (target: HTMLElement): MenuPlace => {
      const { left, right, top, bottom } = target.getBoundingClientRect();
      return { left, right, top, bottom, align: "start" };
    };
    const pointed = (event: MouseEvent) => {
      // The keyboard asks without a button; some hosts then name no point.
      if (event.button !== 2) return asked(event, below);
      asked(event, () => ({ left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY, align: "start" }));
    };
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) asked(event, below);
    };
    element.addEventListener("contextmenu", pointed);
    element.addEventListener("keydown", pressed);
    return () => {
      element.removeEventListener("contextmenu", pointed);
      element.removeEventListener("keydown", pressed);
    };
  };
}
