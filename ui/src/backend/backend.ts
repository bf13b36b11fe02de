import type { Commands, Error as Problem, ErrorCode, Event, KeySource } from "./generated/api";

export type { Problem };

/** Whether the data can be read, and how its key is kept. */
export interface LockState {
  state: "open" | "locked";
  /** Where the key is kept; null before the first use. */
  configured: KeySource | null;
  /** Why the data is locked, when something went wrong. */
  problem: Problem | null;
}

/** The lock in front of the encrypted data. */
export interface Lock {
  state(): Promise<LockState>;
  /** Opens the data; rejects with a `ProblemError`. */
  unlock(method: KeySource, passphrase: string | null): Promise<void>;
}

/** What the interface needs from its host. Every rejection is a `ProblemError`. */
export interface Backend {
  readonly host: "window" | "browser" | "memory";
  call<K extends keyof Commands>(command: K, args: Commands[K]["args"]): Promise<Commands[K]["reply"]>;
  /** Calls the listener with every event; the function returned ends that. */
  subscribe(listener: (event: Event) => void): () => void;
  /** Offers a file to the person; resolves to where it went, or null when cancelled. */
  saveFile(name: string, mime: string, base64: string): Promise<string | null>;
  /** The bundle the window was opened with, in Base64; once. */
  openedFile(): Promise<string | null>;
  readonly lock: Lock;
}

/** An error of the core, as something that can be thrown. */
export class ProblemError extends Error implements Problem {
  readonly code: ErrorCode;
  readonly place: string | null;
  readonly advice: string;

  constructor(problem: Problem) {
    super(problem.message);
    this.name = "ProblemError";
    this.code = problem.code;
    this.place = problem.place;
    this.advice = problem.advice;
  }
}

/** Short way to make a `ProblemError`. */
export function problem(code: ErrorCode, message: string, advice: string, place: string | null = null): ProblemError {
  return new ProblemError({ code, message, place, advice });
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "message" in value && "advice" in value;
}

/** Whatever was thrown, as an error with advice. */
export function toProblem(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  if (isProblem(thrown)) return new ProblemError({ ...thrown, place: thrown.place ?? null });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return problem(
    "internal",
    `Something unexpected happened: ${message}`,
    "Nothing that was saved is lost. Try again; if it stays, reload the window.",
  );
}
