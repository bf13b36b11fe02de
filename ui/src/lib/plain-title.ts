/** Markdown marks in a line, each with the text that stays when they are taken away. */
const MARKS: [RegExp, string][] = [
  [/`+([^`]+)`+/g, "$1"],
  [/!?\[([^\]]*)\]\([^)]*\)/g, "$1"],
  [/!?\[([^\]]+)\]\[[^\]]*\]/g, "$1"],
  [/<((?:https?|mailto):[^>]+)>/g, "$1"],
  [/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "$2"],
  [/~~(?=\S)(.+?)(?<=\S)~~/g, "$1"],
  [/\*(?=\S)([^*]+?)(?<=\S)\*/g, "$1"],
  [/(?<![\p{L}\p{N}])_(?=\S)([^_]+?)(?<=\S)_(?![\p{L}\p{N}])/gu, "$1"],
  [/\\([!-/:-@[-`{-~])/g, "$1"],
];

/** A heading without its marks, for labels and lists. Small, since every view needs it and few need a Markdown parser. */
export function plainTitle(source: string): string {
  return MARKS.reduce((text, [mark, stays]) => text.replace(mark, stays), source).trim();
}
