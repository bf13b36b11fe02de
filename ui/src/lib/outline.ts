/** What the outline needs to know of a section. */
export interface OutlineSection {
  id: string;
  parent: string | null;
}

/** A place in the outline: in a section (or at the top), directly after a sibling (or first). */
export interface Place {
  parent: string | null;
  after: string | null;
}

/** The children of every section, by id; the top level under null. In document order. */
export function childrenByParent<S extends OutlineSection>(sections: readonly S[]): Map<string | null, S[]> {
  const children = new Map<string | null, S[]>();
  const known = new Set(sections.map((section) => section.id));
  for (const section of sections) {
    const parent = section.parent !== null && known.has(section.parent) ? section.parent : null;
    const list = children.get(parent);
    if (list) list.push(section);
    else children.set(parent, [section]);
  }
  return children;
}

/** How deep every section is nested, by id; 0 at the top. */
export function depths(sections: readonly OutlineSection[]): Map<string, number> {
  const result = new Map<string, number>();
  // Parents come before their children in document order.
  for (const section of sections) result.set(section.id, section.parent === null ? 0 : (result.get(section.parent) ?? -1) + 1);
  return result;
}

/** A section and everything nested in it. */
export function subtree(sections: readonly OutlineSection[], id: string): Set<string> {
  const inside = new Set([id]);
  for (const section of sections) if (section.parent !== null && inside.has(section.parent)) inside.add(section.id);
  return inside;
}

/** Where a section stands now. */
export function placeOf(sections: readonly OutlineSection[], id: string): Place | null {
  const section = sections.find((candidate) => candidate.id === id);
  if (!section) return null;
  const siblings = sections.filter((candidate) => candidate.parent === section.parent);
  const index = siblings.findIndex((candidate) => candidate.id === id);
  return { parent: section.parent, after: siblings[index - 1]?.id ?? null };
}

export type Direction = "up" | "down" | "in" | "out";

/** Where a section goes one step in a direction; null where that is not possible. */
export function step(sections: readonly OutlineSection[], id: string, direction: Direction): Place | null {
  const section = sections.find((candidate) => candidate.id === id);
  if (!section) return null;
  const siblings = sections.filter((candidate) => candidate.parent === section.parent);
  const index = siblings.findIndex((candidate) => candidate.id === id);
  const previous = siblings[index - 1];
  const next = siblings[index + 1];
  switch (direction) {
    case "up":
      return previous ? { parent: section.parent, after: siblings[index - 2]?.id ?? null } : null;
    case "down":
      return next ? { parent: section.parent, after: next.id } : null;
    case "in": {
      if (!previous) return null;
      const nested = sections.filter((candidate) => candidate.parent === previous.id);
      return { parent: previous.id, after: nested.at(-1)?.id ?? null };
    }
    case "out": {
      const parent = sections.find((candidate) => candidate.id === section.parent);
      return parent ? { parent: parent.parent, after: parent.id } : null;
    }
  }
}
