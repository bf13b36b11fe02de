/** Fenced code, which is an example and too wide for a margin. */
const FENCE = /^(`{3,}|~{3,})[^]*?^\1[^\n]*\n?/gm;
/** A line that only announces an example. */
const ANNOUNCEMENT = /^\*{0,2}Examples?\b[^\n]*:\*{0,2}[ \t]*\n?/gm;
/** Templates put advice into brackets, so that it is not taken for text; here it is plain to see. */
const BRACKETED = /^(\s*(?:[-*+]\s+|\d+\.\s+)?(?:\*\*[^*\n]+\*\*:?\s*)?)\[([^\][\n]+(?:\[[^\]\n]*\][^\][\n]*)*)\](?![([:])/gm;

function withoutBrackets(markdown: string): string {
  return markdown.replace(BRACKETED, "$1$2");
}

/** A template's advice as it is shown in full. */
export function fullGuidance(guidance: string): string {
  // Brackets inside of code are code.
  const pieces = guidance.split(/(^(?:```|~~~)[^]*?^(?:```|~~~)[^\n]*)/m);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : withoutBrackets(piece))).join("");
}

/** The advice without its examples, for the margin; says whether something was left out. */
export function briefGuidance(guidance: string): { text: string; shortened: boolean } {
  const text = withoutBrackets(guidance.replace(FENCE, "").replace(ANNOUNCEMENT, "")).trim();
  return { text, shortened: guidance.search(FENCE) >= 0 };
}
