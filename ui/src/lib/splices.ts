import { ChangeSet, Text } from "@codemirror/state";
import type { Splice } from "../backend/generated/api";
import { difference } from "./difference";

/** The core's line separator; a stray `\r` is a character like any other. */
export const LINE_SEPARATOR = "\n";

/** A change as replacements, each in the text that the one before left. */
export function toSplices(changes: ChangeSet): Splice[] {
  const splices: Splice[] = [];
  changes.iterChanges((fromA, toA, fromB, _toB, inserted) => {
    // Earlier replacements lie to the left, so the position in the new text is the current one.
    splices.push({ at: fromB, delete: toA - fromA, insert: inserted.sliceString(0, inserted.length, LINE_SEPARATOR) });
  });
  return splices;
}

/** Replacements as one change of a text of that length; throws a RangeError when one lies outside. */
export function toChanges(splices: readonly Splice[], length: number): ChangeSet {
  let changes = ChangeSet.empty(length);
  for (const splice of splices) {
    const next = { from: splice.at, to: splice.at + splice.delete, insert: splice.insert };
    changes = changes.compose(ChangeSet.of(next, changes.newLength, LINE_SEPARATOR));
  }
  return changes;
}

/** Several changes, each of the result of the one before, as one. */
export function composeAll(changes: readonly ChangeSet[]): ChangeSet {
  const [first, ...rest] = changes;
  if (!first) throw new RangeError("nothing to compose");
  return rest.reduce((whole, next) => whole.compose(next), first);
}

/** Applies replacements to a plain string. */
export function spliceString(text: string, splices: readonly Splice[]): string {
  let result = text;
  for (const splice of splices) {
    if (splice.at < 0 || splice.at + splice.delete > result.length) throw new RangeError("splice outside of the text");
    result = result.slice(0, splice.at) + splice.insert + result.slice(splice.at + splice.delete);
  }
  return result;
}

/** A CodeMirror text as a string. */
export function asString(text: Text): string {
  return text.sliceString(0, text.length, LINE_SEPARATOR);
}

/** A text as it would read without one change of it, from `before` to `after`; what came later stays. */
export function withoutChange(before: string, after: string, now: string): string {
  const back = toChanges(difference(after, before), after.length);
  const later = toChanges(difference(after, now), after.length);
  return asString(back.map(later).apply(Text.of(now.split(LINE_SEPARATOR))));
}
