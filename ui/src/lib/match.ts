/**
 * How well a query fits a title: words in the title count most, then their
 * beginnings, then letters in order. Zero when it does not fit.
 */
export function score(query: string, title: string, keywords = ""): number {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const inTitle = title.toLowerCase();
  const inKeywords = keywords.toLowerCase();
  let total = 0;
  for (const word of wanted) {
    const rank = wordScore(word, inTitle, inKeywords);
    if (rank === 0) return 0;
    total += rank;
  }
  return total;
}

function wordScore(word: string, title: string, keywords: string): number {
  if (title.startsWith(word)) return 10;
  const at = title.indexOf(word);
  if (at > 0) return /[\s(“"-]/.test(title[at - 1] ?? "") ? 8 : 5;
  if (keywords.split(/\s+/).some((keyword) => keyword.startsWith(word))) return 4;
  return word.length > 2 && lettersInOrder(word, title) ? 1 : 0;
}

function lettersInOrder(word: string, text: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
