/** A shortcut such as `Mod+Shift+K`; `Mod` is Cmd on a Mac and Ctrl elsewhere. */
export type Shortcut = string;

interface Keys {
  key: string;
  mod: boolean;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
}

const MAC = typeof navigator !== "undefined" && /Mac|iP(hone|ad|od)/.test(navigator.platform);

/** Keys whose shifted character says it all, so that Shift is not compared. */
const SYMBOLS = new Set(["?", "+", "=", "-", "_"]);

function parse(shortcut: Shortcut): Keys {
  const parts = shortcut === "+" ? ["+"] : shortcut.replace(/\+\+$/, "+Plus").split("+");
  const key = (parts.pop() ?? "").replace(/^Plus$/, "+");
  const has = (name: string) => parts.includes(name);
  return { key: key.toLowerCase(), mod: has("Mod"), ctrl: has("Ctrl"), alt: has("Alt"), shift: has("Shift") };
}

/** Whether a key press is that shortcut. */
export function matches(shortcut: Shortcut, event: KeyboardEvent, mac = MAC): boolean {
  const keys = parse(shortcut);
  const wantsCtrl = keys.ctrl || (keys.mod && !mac);
  const wantsMeta = keys.mod && mac;
  if (event.ctrlKey !== wantsCtrl || event.metaKey !== wantsMeta || event.altKey !== keys.alt) return false;
  if (!SYMBOLS.has(keys.key) && event.shiftKey !== keys.shift) return false;
  // On many keyboards the plus needs Shift; the key alone is meant as well.
  if (keys.key === "+" && event.key === "=") return true;
  return event.key.toLowerCase() === keys.key || (event.code === `Key${keys.key.toUpperCase()}` && keys.key.length === 1);
}

const NAMES: Record<string, string> = { arrowup: "↑", arrowdown: "↓", arrowleft: "←", arrowright: "→", enter: "Enter", escape: "Esc" };
const WORDS: [keyof Keys, string, string][] = [
  ["mod", "Ctrl", "⌘"],
  ["ctrl", "Ctrl", "⌃"],
  ["alt", "Alt", "⌥"],
  ["shift", "Shift", "⇧"],
];

/** The keys of a shortcut as people read them. */
export function keyNames(shortcut: Shortcut, mac = MAC): string[] {
  const keys = parse(shortcut);
  const held = WORDS.filter(([name]) => keys[name]).map(([, other, apple]) => (mac ? apple : other));
  return [...held, NAMES[keys.key] ?? (/^.$|^f\d+$/.test(keys.key) ? keys.key.toUpperCase() : keys.key)];
}

/** Whether typing goes into the element, so that plain keys belong to it. */
export function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
