/** More lines than this are text. */
const MOST_LINES = 200;
const FENCE = /^---[ \t]*$/;
const KEY = /^[\w"'.-]+[ \t]*:(?:\s|$)/;

/** How many lines at the start of a text are front matter, its fences included; 0 without any. */
export function frontMatterLines(text: string): number {
  if (!text.startsWith("---")) return 0;
  const lines = text.split("\n", MOST_LINES).map((line) => line.replace(/\r$/, ""));
  const end = lines.findIndex((line, index) => index > 0 && (FENCE.test(line) || line === "..."));
  if (!FENCE.test(lines[0] ?? "") || end < 0) return 0;
  // A rule above ordinary text has no keys below it.
  return lines.slice(1, end).some((line) => KEY.test(line)) ? end + 1 : 0;
}
