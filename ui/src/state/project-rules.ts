/** A project's own rules, as they were when their file was chosen. */
export interface ProjectRules {
  /** The name of the file. */
  name: string;
  text: string;
}

const STORAGE_KEY = "drystone.rules";
/** Larger files are refused; the browser's storage is small. */
export const MAX_RULES_BYTES = 256 * 1024;
/** Rules of so many documents are kept; then those that were chosen first go. */
const MAX_DOCUMENTS = 40;

function read(): Record<string, ProjectRules> {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") as Record<string, ProjectRules>;
  } catch {
    // Storage may be switched off; the rules then last as long as the page.
    return {};
  }
}

/** The rules that were chosen for a document on this device. */
export function keptRules(document: string): ProjectRules | null {
  return read()[document] ?? null;
}

/** Remembers the rules of a document, or that it has none; false when this device keeps nothing. */
export function keepRules(document: string, rules: ProjectRules | null): boolean {
  const all = Object.entries(read()).filter(([other]) => other !== document);
  if (rules) all.push([document, rules]);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(Object.fromEntries(all.slice(-MAX_DOCUMENTS))));
    return true;
  } catch {
    return false;
  }
}
