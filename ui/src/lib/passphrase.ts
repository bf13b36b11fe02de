export interface Strength {
  level: "none" | "weak" | "fair" | "strong";
  words: string;
}

/** Shorter passphrases can be guessed by a machine that has the data. */
const SHORTEST = 10;
const STRONG_BITS = 80;
const FAIR_BITS = 55;

/** Bits that someone who guesses letter by letter would have to try; repeated letters count little. */
function bits(text: string): number {
  const kinds: [RegExp, number][] = [
    [/\p{Ll}/u, 26],
    [/\p{Lu}/u, 26],
    [/\p{N}/u, 10],
    [/[^\p{L}\p{N}]/u, 30],
  ];
  const alphabet = kinds.reduce((size, [kind, count]) => size + (kind.test(text) ? count : 0), 0);
  const different = new Set(text).size;
  return Math.min(text.length, different * 2) * Math.log2(Math.max(alphabet, 2));
}

/** How hard a passphrase is to guess, roughly, and what would help. */
export function strength(text: string): Strength {
  if (text === "") return { level: "none", words: "Four or five words that do not belong together are easy to remember and hard to guess." };
  const found = bits(text);
  if (text.length < SHORTEST || found < FAIR_BITS) return { level: "weak", words: "Too easy to guess. Add a word or two." };
  if (found < STRONG_BITS) return { level: "fair", words: "Good enough. One more word makes it strong." };
  return { level: "strong", words: "Strong." };
}
