import { hasReferences } from "./reference";

/** Something that Markdown may show otherwise than it is written: marks, a list, an address. */
const MARKS = /[*_`#<>|~]|\[.*\]|:\/\/|^\s*(?:[-+]|\d+[.)])\s/m;

/** Whether a text may read otherwise than it is written. */
export function hasMarks(text: string): boolean {
  return MARKS.test(text) || hasReferences(text);
}
