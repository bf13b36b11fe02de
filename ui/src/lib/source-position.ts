/** Where a line starts in a text. */
function lineStart(text: string, line: number): number {
  let at = 0;
  for (let passed = 0; passed < line; passed++) {
    const next = text.indexOf("\n", at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  return at;
}

/**
 * The place in Markdown source that stands for a place in rendered text:
 * walks through the source lines of a block and skips what was not rendered.
 */
export function sourceOffset(source: string, firstLine: number, endLine: number, renderedBefore: string): number {
  const from = lineStart(source, firstLine);
  const to = lineStart(source, endLine);
  let at = from;
  for (const character of renderedBefore) {
    if (/\s/.test(character)) continue;
    const found = source.indexOf(character, at);
    if (found < 0 || found >= to) break;
    at = found + character.length;
  }
  return Math.min(at, Math.max(from, source.endsWith("\n") && to === source.length ? to - 1 : to));
}
