/** How a badge is coloured. */
export type Tone = "plain" | "good" | "warn" | "bad" | "faint";
