/** References in stored text: `U+E020 id.field hint U+E021`, as crates/model/src/reference.rs has them. */
export const OPEN = "\uE020";
export const CLOSE = "\uE021";

/** A place in a text that shows a field of a record. */
export interface Reference {
  id: string;
  field: string;
  /** How the value is written there: its first character says what the rest means; empty for the plain form. */
  hint: string;
}

/** A reference and where it stands. */
export interface FoundReference extends Reference {
  from: number;
  to: number;
}

/** A text with its references replaced, and the way back to the places in the source. */
export interface Rendered {
  text: string;
  /** The place in the source for a place in the text. */
  source(offset: number): number;
}

const PATTERN = /\uE020([0-9a-f]+)\.([A-Za-z0-9]+)((?:[~\-,>#&][^\uE020\uE021]*)?)\uE021/g;

/** Whether a text may hold references at all. */
export function hasReferences(text: string): boolean {
  return text.includes(OPEN);
}

/** Every reference of a text. */
export function findReferences(text: string): FoundReference[] {
  if (!hasReferences(text)) return [];
  return [...text.matchAll(PATTERN)].map((match) => ({
    id: match[1]!,
    field: match[2]!,
    hint: match[3]!,
    from: match.index,
    to: match.index + match[0].length,
  }));
}

/** A reference as it stands in a stored text. */
export function encodeReference({ id, field, hint }: Reference): string {
  return `${OPEN}${id}.${field}${hint}${CLOSE}`;
}

/** Replaces every reference by what the function makes of it. */
export function renderReferences(text: string, show: (reference: FoundReference) => string): Rendered {
  const found = findReferences(text);
  if (found.length === 0) return { text, source: (offset) => offset };
  const pieces: { at: number; length: number; source: number; whole: boolean }[] = [];
  let out = "";
  let at = 0;
  const add = (piece: string, source: number, whole: boolean) => {
    pieces.push({ at: out.length, length: piece.length, source, whole });
    out += piece;
  };
  for (const reference of found) {
    add(text.slice(at, reference.from), at, false);
    add(show(reference), reference.from, true);
    at = reference.to;
  }
  add(text.slice(at), at, false);
  const source = (offset: number) => {
    const piece = pieces.findLast((candidate) => candidate.at <= offset) ?? pieces[0]!;
    const inside = Math.min(offset - piece.at, piece.length);
    // Inside of a reference there is no place; before it or behind it there is.
    if (!piece.whole) return piece.source + inside;
    return inside === 0 ? piece.source : (pieces[pieces.indexOf(piece) + 1]?.source ?? piece.source);
  };
  return { text: out, source };
}

/**
 * What became of a source when the text it shows was changed to another: its
 * references stay, but for those that the change itself touches.
 */
export function keepReferences(source: string, text: string, show: (reference: FoundReference) => string): string {
  const found = findReferences(source);
  if (found.length === 0) return text;
  const before = renderReferences(source, show).text;
  let from = 0;
  while (from < Math.min(before.length, text.length) && before[from] === text[from]) from++;
  let same = 0;
  while (same < Math.min(before.length, text.length) - from && before.at(-1 - same) === text.at(-1 - same)) same++;
  let to = before.length - same;
  // How much longer the source is than the text, left of the change and of where it ends.
  let [left, right] = [0, 0];
  let grown = 0;
  for (const reference of found) {
    const start = reference.from - grown;
    const end = start + show(reference).length;
    grown += reference.to - reference.from - (end - start);
    if (end <= from) left = grown;
    else if (start < from) from = start;
    if (start < to) {
      right = grown;
      to = Math.max(to, end);
    }
  }
  return source.slice(0, from + left) + text.slice(from, text.length - (before.length - to)) + source.slice(to + right);
}

/** Text from outside without the characters that only references may hold. */
export function withoutReferenceMarks(text: string): string {
  return text.replace(/[\uE020\uE021]/g, "\uFFFD");
}
