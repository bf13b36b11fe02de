import type { Compaction } from "../backend/generated/api";
import { pastTime, relativeTime } from "./time";

const number = (value: number) => value.toLocaleString("en");

/** What was compacted and when, in one sentence; empty when there is nothing to say. */
export function compactionWords(compaction: Compaction, now: number): string {
  const [newest] = compaction.snapshots;
  if (!newest) return "";
  const by = newest.madeBy === "you" ? "you" : newest.madeBy;
  const against = newest.contradictedBy[0];
  const made = `Entries 1 to ${number(newest.entries)} of ${number(compaction.entries)} are in a snapshot that ${by} made ${pastTime(newest.made, now)}`;
  const confirmed = against
    ? `; ${against} ${against === "you" ? "say" : "says"} that it does not hold what the log holds, so nothing is deleted for it`
    : newest.confirmedBy.length > 0
      ? `, confirmed by ${newest.confirmedBy.join(", ")}`
      : "; another member's device has yet to confirm it";
  const gone = compaction.compacted > 0 ? ` The relay has deleted the first ${number(compaction.compacted)} entries.` : "";
  const next = compaction.due ? ` It deletes those up to ${number(compaction.dueEntries)} ${relativeTime(compaction.due, now)}.` : "";
  return `${made}${confirmed}.${gone}${next}`;
}
