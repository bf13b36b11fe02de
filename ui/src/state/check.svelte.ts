import { ProblemError, toProblem, type Backend, type Problem } from "../backend/backend";
import type { CheckFinding, CheckReport, Event, RuleInfo } from "../backend/generated/api";
import { keepRules, keptRules, type ProjectRules } from "./project-rules";

/** The check runs again when changes have stopped for this long, in milliseconds. */
export const SETTLED_MS = 1_500;

export type Grouping = "severity" | "place" | "rule";

/** What the checks found in the open document. */
export class DocumentCheck {
  report = $state.raw<CheckReport | null>(null);
  rules = $state.raw<ReadonlyMap<string, RuleInfo>>(new Map());
  running = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** The project's own rules, chosen on this device. */
  project = $state.raw<ProjectRules | null>(null);
  /** Why a file with rules was not taken. */
  refused = $state.raw<Problem | null>(null);
  grouping = $state<Grouping>("severity");
  filter = $state("");
  /** The rule whose explanation is shown. */
  explained = $state<string | null>(null);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private runs = 0;
  private closed = false;

  constructor(
    private readonly backend: Backend,
    private readonly document: string,
  ) {
    this.project = keptRules(document);
  }

  /** Errors and warnings that nobody accepted. */
  readonly pressing = $derived(this.report ? this.report.errors + this.report.warnings : 0);

  readonly open: readonly CheckFinding[] = $derived(this.report?.findings.filter((finding) => finding.suppressed === null) ?? []);
  readonly accepted: readonly CheckFinding[] = $derived(this.report?.findings.filter((finding) => finding.suppressed !== null) ?? []);

  async run(): Promise<void> {
    this.clear();
    const run = ++this.runs;
    this.running = true;
    try {
      const report = await this.checked(this.project);
      // A later run knows more, whichever reply comes first.
      if (run !== this.runs) return;
      this.report = report;
      this.problem = null;
    } catch (thrown) {
      if (run === this.runs) this.problem = toProblem(thrown);
    } finally {
      if (run === this.runs) this.running = false;
    }
  }

  /** Checks with a project's rules from now on, unless something is wrong with them; null for Drystone's rules alone. */
  async use(rules: ProjectRules | null): Promise<boolean> {
    try {
      const report = await this.checked(rules);
      this.runs++;
      this.running = false;
      [this.project, this.report, this.problem, this.refused] = [rules, report, null, null];
      keepRules(this.document, rules);
      return true;
    } catch (thrown) {
      this.refused = toProblem(thrown);
      return false;
    }
  }

  private async checked(rules: ProjectRules | null): Promise<CheckReport> {
    try {
      return await this.backend.call("check.run", { document: this.document, rules: rules?.text ?? null });
    } catch (thrown) {
      const found = toProblem(thrown);
      // The core has the text alone; people know the file by its name.
      const place = rules && found.place?.replace(/^rules(?=:|$)/, rules.name);
      throw place ? new ProblemError({ ...found, message: found.message, place }) : found;
    }
  }

  async loadRules(): Promise<void> {
    if (this.rules.size > 0) return;
    const rules = await this.backend.call("check.rules", {});
    this.rules = new Map(rules.map((rule) => [rule.id, rule]));
  }

  receive(event: Event): void {
    const about = "document" in event && event.document === this.document;
    if (event.type === "lagged" || about) this.runSoon();
  }

  runSoon(delay = SETTLED_MS): void {
    this.clear();
    if (this.closed) return;
    this.timer = setTimeout(() => void this.run(), delay);
  }

  close(): void {
    this.closed = true;
    this.clear();
  }

  private clear(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }
}
