import { LINE_ATTRIBUTE } from "../lib/markdown";

/** A place in rendered Markdown: the source lines of its block, and the text before it in the block. */
export interface RenderedPlace {
  firstLine: number;
  endLine: number;
  before: string;
}

function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if (document.caretPositionFromPoint) {
    const position = document.caretPositionFromPoint(x, y);
    return position && { node: position.offsetNode, offset: position.offset };
  }
  // WebKit has only the older name.
  const range = (document as { caretRangeFromPoint?: (x: number, y: number) => Range | null }).caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}

/** Finds what stands under a point of the page. */
export function placeUnder(root: HTMLElement, x: number, y: number): RenderedPlace | null {
  const caret = caretAt(x, y);
  if (!caret || !root.contains(caret.node)) return null;
  const element = caret.node instanceof Element ? caret.node : caret.node.parentElement;
  const block = element?.closest(`[${LINE_ATTRIBUTE}]`);
  if (!block || !root.contains(block)) return null;
  const [firstLine, endLine] = (block.getAttribute(LINE_ATTRIBUTE) ?? "").split(",").map(Number);
  if (firstLine === undefined || endLine === undefined || Number.isNaN(firstLine) || Number.isNaN(endLine)) return null;
  const range = document.createRange();
  range.setStart(block, 0);
  range.setEnd(caret.node, caret.offset);
  return { firstLine, endLine, before: range.toString() };
}
