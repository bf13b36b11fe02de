import { expect, it } from "vitest";
import { noteTyping, refuseStaleHistory } from "../src/lib/input-history";

function undoIsRefused(field: HTMLTextAreaElement): boolean {
  const event = new InputEvent("beforeinput", { inputType: "historyUndo", cancelable: true, bubbles: true });
  field.dispatchEvent(event);
  return event.defaultPrevented;
}

it("the browser's own undo is for what was typed into the field with the focus", () => {
  window.addEventListener("input", noteTyping, { capture: true });
  window.addEventListener("beforeinput", refuseStaleHistory, { capture: true });
  const field = document.body.appendChild(document.createElement("textarea"));
  field.focus();
  field.value = "typed";
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  expect(undoIsRefused(field)).toBe(false);
  field.blur();
  expect(undoIsRefused(field)).toBe(true);
  field.focus();
  field.value = "set from elsewhere";
  expect(undoIsRefused(field)).toBe(true);
});
