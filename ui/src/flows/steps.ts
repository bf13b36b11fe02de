import type { RecordView } from "../backend/generated/api";
import { textOf } from "../lib/values";

/** A step as a flow shows it. */
export interface ShownStep {
  record: RecordView;
  depth: number;
  /** Such as `3` or `3.1`. */
  number: string;
}

/** Kinds of step that hold others. */
export const HOLDERS = new Set(["alternative", "loop", "parallel"]);

/** The steps of a flow in their order, each after the one it is within. */
export function flowSteps(steps: readonly RecordView[]): ShownStep[] {
  const within = new Map<string | null, RecordView[]>();
  const known = new Set(steps.map(({ id }) => id));
  for (const step of steps) {
    const above = step.parent !== null && known.has(step.parent) ? step.parent : null;
    within.set(above, [...(within.get(above) ?? []), step]);
  }
  const shown: ShownStep[] = [];
  const add = (parent: string | null, depth: number, prefix: string) => {
    let count = 0;
    for (const record of within.get(parent) ?? []) {
      // A note is said beside the steps and does not count.
      const number = textOf(record, "kind") === "note" ? "" : `${prefix}${++count}`;
      shown.push({ record, depth, number });
      add(record.id, depth + 1, `${number}.`);
    }
  };
  add(null, 0, "");
  return shown;
}
