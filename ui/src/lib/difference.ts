import type { Splice } from "../backend/generated/api";

/** Above this many line pairs the middle is replaced as a whole instead of being compared. */
const MAX_LINE_PAIRS = 1_000_000;

interface Region {
  from: number;
  to: number;
  insert: string;
}

/** Splits into lines that keep their line end, so that joining them gives the text. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Lengths of longest common line sequences from every pair of positions to the end. */
function commonLengths(a: string[], b: string[]): Uint32Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i]!;
    const below = table[i + 1]!;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? below[j + 1]! + 1 : Math.max(below[j]!, row[j + 1]!);
    }
  }
  return table;
}

function lineRegions(before: string, after: string, offset: number): Region[] {
  const a = lines(before);
  const b = lines(after);
  if (a.length * b.length > MAX_LINE_PAIRS) return [{ from: offset, to: offset + before.length, insert: after }];
  const table = commonLengths(a, b);
  const regions: Region[] = [];
  let at = offset;
  let open: Region | null = null;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      open = null;
      at += a[i]!.length;
      i++;
      j++;
      continue;
    }
    if (!open) regions.push((open = { from: at, to: at, insert: "" }));
    if (j >= b.length || (i < a.length && table[i + 1]![j]! >= table[i]![j + 1]!)) {
      at += a[i]!.length;
      open.to = at;
      i++;
    } else {
      open.insert += b[j]!;
      j++;
    }
  }
  return regions;
}

/** Narrows a replacement to what really differs. */
function trim(region: Region, before: string): Region {
  const removed = before.slice(region.from, region.to);
  const shortest = Math.min(removed.length, region.insert.length);
  let start = 0;
  while (start < shortest && removed[start] === region.insert[start]) start++;
  let end = 0;
  while (end < shortest - start && removed[removed.length - 1 - end] === region.insert[region.insert.length - 1 - end]) end++;
  return {
    from: region.from + start,
    to: region.to - end,
    insert: region.insert.slice(start, region.insert.length - end),
  };
}

/** Replacements that turn one text into another, small where the texts agree. */
export function difference(before: string, after: string): Splice[] {
  const whole = trim({ from: 0, to: before.length, insert: after }, before);
  if (whole.from === whole.to && whole.insert === "") return [];
  // Whole lines around the changed middle compare better than cut ones.
  const lineStart = before.lastIndexOf("\n", whole.from - 1) + 1;
  const cut = whole.from - lineStart;
  const middle = before.slice(lineStart, whole.to);
  const inserted = before.slice(lineStart, lineStart + cut) + whole.insert;
  const splices: Splice[] = [];
  let shift = 0;
  for (const region of lineRegions(middle, inserted, lineStart)) {
    const { from, to, insert } = trim(region, before);
    splices.push({ at: from + shift, delete: to - from, insert });
    shift += insert.length - (to - from);
  }
  return splices;
}

/** How much a set of replacements writes and removes. */
export function differenceSize(splices: readonly Splice[]): number {
  return splices.reduce((size, splice) => size + splice.delete + splice.insert.length, 0);
}
