/** A number with its noun, such as "3 changes". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat().format(count)} ${count === 1 ? one : many}`;
}

/** How many words a text has. */
export function wordCount(text: string): number {
  // What a reference shows counts as one.
  return text.replace(/\uE020[^\uE020\uE021]*\uE021/g, "x").match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
}
