/** Rows beyond the edges of what can be seen that are there nevertheless. */
const SPARE = 8;

/** Which rows of a long list are to be made, by where it is scrolled to. */
export function visibleRows(top: number, height: number, row: number, count: number): { from: number; to: number } {
  const from = Math.max(0, Math.floor(top / row) - SPARE);
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((top + height) / row) + SPARE) };
}
