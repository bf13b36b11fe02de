const MAX_STEPS = 100;

/** A change of structure that can be taken back. */
export interface Step {
  label: string;
  undo: () => Promise<unknown>;
  redo: () => Promise<unknown>;
}

/**
 * Undo of structural changes (rename, move, delete) by inverse commands. Text
 * has its own history in every editor.
 */
export class UndoStack {
  private done = $state.raw<Step[]>([]);
  private undone = $state.raw<Step[]>([]);
  private running = false;

  readonly nextUndo = $derived(this.done.at(-1)?.label ?? null);
  readonly nextRedo = $derived(this.undone.at(-1)?.label ?? null);

  push(step: Step): void {
    this.done = [...this.done, step].slice(-MAX_STEPS);
    this.undone = [];
  }

  /** Takes back the last step, or this one; returns its label. */
  async undo(step = this.done.at(-1)): Promise<string | null> {
    if (!step || this.running || !this.done.includes(step)) return null;
    return this.run(step.undo, () => {
      this.done = this.done.filter((other) => other !== step);
      this.undone = [...this.undone, step];
      return step.label;
    });
  }

  async redo(): Promise<string | null> {
    const step = this.undone.at(-1);
    if (!step || this.running) return null;
    return this.run(step.redo, () => {
      this.undone = this.undone.slice(0, -1);
      this.done = [...this.done, step];
      return step.label;
    });
  }

  private async run(work: () => Promise<unknown>, then: () => string): Promise<string> {
    this.running = true;
    try {
      await work();
      return then();
    } finally {
      this.running = false;
    }
  }
}
