import type { TemplateInfo, TemplateSlot } from "./generated/api";

function slot(key: string, title: string, guidance: string, level = 2, repeatable = false, skeleton = "\n"): TemplateSlot {
  return { key, title, guidance, level, repeatable, skeleton };
}

const component = "\n- **Purpose**: [What it is for]\n- **Responsibilities**:\n    - [What it does]\n- **Interfaces**: [What goes in and out]\n\n";
const decision = "\n- **Context**: [What made a decision necessary]\n- **Decision**: [What was decided]\n- **Rationale**: [Why]\n- **Trade-offs**: [What it costs]\n\n";

const full: TemplateSlot[] = [
  slot("overview", "Overview", "What the system is for, who uses it, and what it is made of, in a few sentences that a newcomer understands."),
  slot("diagram", "Architecture Diagram", "The system in its surroundings and its large parts. Boxes are things, arrows are who calls whom."),
  slot("components", "Components", "The parts the system is built from. One section for each."),
  slot("components.component", "Component", "**Purpose** in one sentence, then responsibilities, technologies, interfaces and dependencies.", 3, true, component),
  slot("data-flow", "Data Flow", "How data moves through the system for the most important use cases, step by step."),
  slot("data-flow.use-case", "Use Case", "Numbered steps from the trigger to the result.", 3, true, "\n1. [Who starts it, and how]\n2. [What happens next]\n\n"),
  slot("security", "Security Architecture", "What is protected, from whom, and how."),
  slot("security.authentication", "Authentication", "How people and systems prove who they are.", 3),
  slot("security.authorization", "Authorization", "Who may do what, and where that is decided.", 3),
  slot("security.data-protection", "Data Protection", "Which data is sensitive; encryption at rest and in transit; keys.", 3),
  slot("security.network", "Network Security", "Boundaries, firewalls, segments, exposed ports.", 3),
  slot("scalability", "Scalability Considerations", "What grows, and what happens then."),
  slot("scalability.horizontal", "Horizontal Scaling", "Which parts can run many times, and what that needs.", 3),
  slot("scalability.vertical", "Vertical Scaling", "Which parts need larger machines instead.", 3),
  slot("scalability.bottlenecks", "Bottlenecks", "What limits the system today, and what would be done about it.", 3),
  slot("resilience", "Resilience & Fault Tolerance", "What fails, and what the system does then."),
  slot("resilience.errors", "Error Handling", "How errors are recognised, reported and kept apart.", 3),
  slot("resilience.retry", "Retry Logic", "What is repeated, how often, with which waits.", 3),
  slot("monitoring", "Monitoring & Observability", "How one knows that it works."),
  slot("monitoring.metrics", "Metrics", "What is measured, and which values are normal.", 3),
  slot("monitoring.alerting", "Alerting", "Who is woken up by what.", 3),
  slot("deployment", "Deployment Architecture", "Where it runs and how it gets there."),
  slot("deployment.environments", "Environments", "Which there are, and how they differ.", 3),
  slot("decisions", "Technology Decisions", "Why it is built the way it is."),
  slot("decisions.decision", "Decision", "Context, decision, rationale, alternatives, trade-offs.", 3, true, decision),
  slot("future", "Future Architecture Considerations", "What is known to come, and what it would change."),
];

const compactKeys = new Set(["overview", "diagram", "components", "components.component", "data-flow", "security", "scalability"]);

/** Templates for tests and for working on the interface; the real ones come from the core. */
export const memoryTemplates: TemplateInfo[] = [
  {
    id: "full",
    title: "Full architecture",
    description: "Every question an architecture has to answer, from overview to decisions. For systems that several teams depend on.",
    slots: full,
  },
  {
    id: "compact",
    title: "Compact architecture",
    description: "The essentials on a few pages. For small systems, and for a first description that others complete.",
    slots: full.filter((candidate) => compactKeys.has(candidate.key)),
  },
];
