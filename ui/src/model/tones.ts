import type { Tone } from "../shared/tone";

/** How words of a life are coloured, whatever has them. */
export const TONES: Record<string, Tone> = {
  proposed: "faint",
  deprecated: "warn",
  removed: "bad",
  accepted: "good",
  rejected: "bad",
  superseded: "warn",
  chosen: "good",
  high: "bad",
  medium: "warn",
  low: "plain",
  open: "warn",
  mitigated: "good",
  closed: "plain",
  confidential: "warn",
  restricted: "bad",
};
