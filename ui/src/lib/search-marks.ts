/** The core marks matches in excerpts with these characters of the private use area. */
const START = "\uE000";
const END = "\uE001";

export interface Passage {
  text: string;
  match: boolean;
}

/** Markdown marks that only disturb in a line of running text. */
const NOISE = /\*\*|`+|\|/g;

/** Splits an excerpt at the marks around its matches. */
export function passages(excerpt: string): Passage[] {
  const result: Passage[] = [];
  for (const piece of excerpt.replace(NOISE, "").split(START)) {
    const end = piece.indexOf(END);
    if (end < 0) {
      if (piece) result.push({ text: piece, match: false });
      continue;
    }
    result.push({ text: piece.slice(0, end), match: true });
    if (end + 1 < piece.length) result.push({ text: piece.slice(end + 1), match: false });
  }
  return result;
}
