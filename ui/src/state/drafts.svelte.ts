import type { Problem } from "../backend/backend";
import type { RecordView, Value } from "../backend/generated/api";
import { sameValue } from "../lib/values";

/** What was typed is saved when typing pauses for this long, in milliseconds. */
export const PAUSE_MS = 1_200;
/** After a failure that may pass it is tried again, in milliseconds. */
const RETRY_MS = 5_000;
/** Failures that the value itself does not cause. */
const PASSING = new Set(["unreachable", "internal", "busy", "disk-full"]);

/** A field's value as someone is writing it. */
export interface Draft {
  value: Value | null;
  /** What the field held when writing began. */
  base: Value | null;
  /** Someone else changed the field meanwhile; nothing is saved until a person picks. */
  contested: boolean;
  /** Why the value was not taken; it stays until it is changed or taken back. */
  problem: Problem | null;
}

const keyOf = (id: string, field: string) => `${id}.${field}`;

/**
 * Values of fields that are being written. They live beside the records, so
 * that going to another record or another page loses none of them.
 */
export class Drafts {
  private held = $state.raw<ReadonlyMap<string, Draft>>(new Map());
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly saving = new Map<string, Promise<Problem | null>>();

  constructor(
    private readonly stored: (id: string, field: string) => Value | null,
    /** Saves a value; resolves to why that was not possible. */
    private readonly save: (id: string, field: string, value: Value | null) => Promise<Problem | null>,
  ) {}

  readonly waiting = $derived(this.held.size > 0);

  get(id: string, field: string): Draft | null {
    return this.held.get(keyOf(id, field)) ?? null;
  }

  /** What the field shows: what is being written, or else what is stored. */
  value(id: string, field: string): Value | null {
    const draft = this.get(id, field);
    return draft ? draft.value : this.stored(id, field);
  }

  /** Takes what was typed; it is saved after a pause. */
  write(id: string, field: string, value: Value | null): void {
    const key = keyOf(id, field);
    const known = this.held.get(key);
    const stored = this.stored(id, field);
    if (!known && sameValue(stored, value)) return;
    this.put(key, { base: known ? known.base : stored, contested: known?.contested ?? false, problem: null, value });
    this.clear(key);
    this.timers.set(key, setTimeout(() => void this.commit(id, field), PAUSE_MS));
  }

  /** Saves now; false when that was not possible, and the draft stays. */
  async commit(id: string, field: string): Promise<boolean> {
    const key = keyOf(id, field);
    this.clear(key);
    const before = this.saving.get(key);
    if (before) await before;
    const draft = this.held.get(key);
    if (!draft) return true;
    if (draft.contested) return false;
    if (sameValue(draft.value, this.stored(id, field))) {
      this.drop(key);
      return true;
    }
    const saving = this.save(id, field, draft.value);
    this.saving.set(key, saving);
    const problem = await saving.finally(() => this.saving.delete(key));
    const now = this.held.get(key);
    if (problem) {
      if (now) this.put(key, { ...now, problem });
      if (PASSING.has(problem.code) && !this.timers.has(key)) this.timers.set(key, setTimeout(() => void this.commit(id, field), RETRY_MS));
      return false;
    }
    if (!now) return true;
    // What was typed since goes on from what is stored now.
    if (now.value === draft.value) this.drop(key);
    else this.put(key, { ...now, base: draft.value });
    return true;
  }

  /** Forgets what was typed, and takes what is stored. */
  discard(id: string, field: string): void {
    const key = keyOf(id, field);
    this.clear(key);
    this.drop(key);
  }

  /** Keeps what was typed here, although someone else changed the field. */
  async keep(id: string, field: string): Promise<boolean> {
    const key = keyOf(id, field);
    const draft = this.held.get(key);
    if (draft) this.put(key, { ...draft, contested: false, base: this.stored(id, field) });
    return this.commit(id, field);
  }

  /** Saves everything that nobody contests. */
  async flush(): Promise<void> {
    await Promise.all(
      [...this.held.keys()].map((key) => {
        const [id = "", field = ""] = key.split(".");
        return this.commit(id, field);
      }),
    );
  }

  /** Looks whether records that changed hold what is being written. */
  changed(records: readonly RecordView[]): void {
    for (const record of records) {
      for (const [key, draft] of this.held) {
        const [id, field = ""] = key.split(".");
        if (id !== record.id || this.saving.has(key)) continue;
        const now = record.fields[field] ?? null;
        if (sameValue(now, draft.value)) this.drop(key);
        else if (!sameValue(now, draft.base)) {
          this.clear(key);
          this.put(key, { ...draft, contested: true });
        }
      }
    }
  }

  private put(key: string, draft: Draft): void {
    this.held = new Map(this.held).set(key, draft);
  }

  private drop(key: string): void {
    if (!this.held.has(key)) return;
    const held = new Map(this.held);
    held.delete(key);
    this.held = held;
  }

  private clear(key: string): void {
    const timer = this.timers.get(key);
    if (timer) clearTimeout(timer);
    this.timers.delete(key);
  }
}
