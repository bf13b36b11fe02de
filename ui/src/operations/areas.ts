/** Topics of concerns by their area, in the order of the templates. */
export const AREAS: { id: string; title: string; topics: string[] }[] = [
  { id: "security", title: "Security", topics: ["authentication", "authorization", "data-protection", "input-validation", "network-security"] },
  { id: "scalability", title: "Scalability", topics: ["horizontal-scaling", "vertical-scaling", "bottleneck"] },
  { id: "resilience", title: "Resilience", topics: ["error-handling", "retry", "circuit-breaker", "fallback"] },
  { id: "observability", title: "Observability", topics: ["metrics", "logging", "tracing", "alerting"] },
  { id: "deployment", title: "Infrastructure and delivery", topics: ["infrastructure", "pipeline"] },
];

/** What a card of each collection shows below its name. */
export const CARDS: Record<string, { badges: string[]; texts: string[]; facts: string[] }> = {
  concerns: { badges: ["topic", "severity"], texts: ["statement", "mitigation"], facts: ["condition", "channel"] },
  risks: { badges: ["status", "likelihood", "impact"], texts: ["description", "mitigation"], facts: ["owner"] },
  considerations: { badges: ["horizon"], texts: ["description"], facts: [] },
  scenarios: { badges: ["priority"], texts: ["stimulus", "response"], facts: ["quality", "environment", "measure"] },
  boundaries: { badges: ["kind"], texts: ["description"], facts: [] },
  classes: { badges: ["level"], texts: ["description"], facts: [] },
  terms: { badges: [], texts: ["definition"], facts: ["synonyms"] },
};

/** Lists besides environments and concerns, in their order on the page. */
export const LISTS = ["risks", "considerations", "scenarios", "boundaries", "classes", "terms"];
