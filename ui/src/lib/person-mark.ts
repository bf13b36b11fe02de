/** How many colours people have. */
export const TONES = 8;

/** The letters a person is marked with: the first of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

/** The colour that a member's id stands for. */
function ownTone(member: string): number {
  let sum = 0;
  for (const char of member) sum = (sum * 31 + char.charCodeAt(0)) % 65_521;
  return sum % TONES;
}

/**
 * Colours by member: the same ones for the same people, whoever looks. Of two
 * who would have the same one, the later by id takes the next that is free.
 */
export function tones(members: readonly string[]): Map<string, number> {
  const given = new Map<string, number>();
  const taken = new Set<number>();
  for (const member of [...new Set(members)].sort()) {
    let tone = ownTone(member);
    for (let step = 0; taken.has(tone) && step < TONES; step++) tone = (tone + 1) % TONES;
    taken.add(tone);
    given.set(member, tone);
  }
  return given;
}
