/** What people last typed into a field, as far as they did. */
const typed = new WeakMap<EventTarget, string>();

const isField = (target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

/** Takes note of typing. */
export function noteTyping(event: Event): void {
  if (isField(event.target)) typed.set(event.target, event.target.value);
}

/**
 * Refuses the browser's own undo where it would do harm: in a field that is
 * not the one with the focus, and in one whose value was set since it was
 * typed into. There the browser puts old text beside the new instead of in its
 * place.
 */
export function refuseStaleHistory(event: InputEvent): void {
  const field = event.target;
  if (!event.inputType.startsWith("history") || !isField(field)) return;
  if (field !== document.activeElement || typed.get(field) !== field.value) event.preventDefault();
}
