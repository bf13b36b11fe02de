import { problem } from "./backend";
import { cutMarkdown, slugOf } from "./memory-document";
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

const arc42: TemplateSlot[] = [
  slot("overview", "Introduction and Goals", "What the system is for, in a paragraph that somebody new to it understands."),
  slot("requirements", "Requirements Overview", "The few things the system must do that shape its architecture.", 3),
  slot("quality.goals", "Quality Goals", "Three to five qualities that matter most, most important first.", 3),
  slot("stakeholders", "Stakeholders", "Who has to know or agree, and what each of them expects.", 3),
  slot("constraints", "Architecture Constraints", "What was not yours to choose: technology, law, organisation, deadlines."),
  slot("context", "Context and Scope", "What is inside, what is outside, and what crosses the border."),
  slot("strategy", "Solution Strategy", "The few ideas that everything else follows from."),
  slot("components", "Building Block View", "The parts the system is built from, and how they are nested."),
  slot("components.component", "Building block", "**Purpose** in one sentence, then interfaces and what it depends on.", 3, true, component),
  slot("data-flow", "Runtime View", "How the building blocks work together in the scenarios that matter."),
  slot("deployment", "Deployment View", "Where it runs, and which building block runs where."),
  slot("concepts", "Crosscutting Concepts", "Rules and ideas that hold in many parts at once."),
  slot("decisions", "Architecture Decisions", "Why it is built the way it is."),
  slot("decisions.decision", "Decision", "Context, decision, rationale, alternatives, trade-offs.", 3, true, decision),
  slot("quality", "Quality Requirements", "Scenarios that say when a quality is good enough."),
  slot("risks", "Risks and Technical Debt", "What may go wrong, how likely it is, and what is done about it."),
  slot("glossary", "Glossary", "Words that mean something particular here."),
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
  {
    id: "arc42",
    title: "arc42",
    description: "The twelve sections of arc42, from goals and context over building blocks to risks; for systems with many stakeholders.",
    slots: arc42,
  },
];

/** Every heading of a template file as a place, as far as the interface alone needs it. */
export function templateFromFile(name: string, source: string): TemplateInfo {
  const places = cutMarkdown(source)
    .filter((part) => part.level > 1)
    .map(({ level, title }) => {
      const heading = title.replace(/<!--.*?-->/g, "").trim();
      const key = /place:\s*([a-z0-9.-]+)/.exec(title)?.[1] ?? slugOf(heading);
      return slot(key, heading.replace(/^\[|\]$/g, ""), "", level, /;\s*repeatable/.test(title));
    });
  if (places.length === 0) {
    throw problem("bad-input", "This template has no places.", "Give it a heading for every part that a document should have.", name);
  }
  const id = /^id:\s*(\S+)/m.exec(source)?.[1] ?? slugOf(name.replace(/\.[^.]*$/, ""));
  return { id, title: /^title:\s*(.+)/m.exec(source)?.[1] ?? name, description: "A file of your own.", slots: places };
}
