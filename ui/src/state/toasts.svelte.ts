import { toProblem, type Problem } from "../backend/backend";

const SHOWN_MS = 7_000;
const MAX_TOASTS = 4;

export interface Toast {
  id: number;
  message: string;
  problem: Problem | null;
  action: { label: string; run: () => void } | null;
}

/** Short messages at the edge of the window. Errors stay until they are closed. */
export class Toasts {
  list = $state.raw<Toast[]>([]);
  private next = 1;

  say(message: string, action: Toast["action"] = null): void {
    const id = this.add({ message, problem: null, action });
    setTimeout(() => this.close(id), SHOWN_MS);
  }

  fail(thrown: unknown): void {
    const problem = toProblem(thrown);
    this.add({ message: problem.message, problem, action: null });
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  private add(toast: Omit<Toast, "id">): number {
    const id = this.next++;
    this.list = [...this.list, { ...toast, id }].slice(-MAX_TOASTS);
    return id;
  }
}
