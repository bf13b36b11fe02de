import type { AttachmentView } from "../backend/generated/api";
import { sizeWords } from "../lib/sizes";

/** Where an attachment's file is, in a few words; empty when all is well. */
export function stateWords(view: AttachmentView): string {
  if (view.problem && view.state !== "here") return "Refused; tried again";
  switch (view.state) {
    case "here":
      return view.waits ? "Waits to be sent" : "";
    case "arriving":
      return view.total > 0 ? `Arriving, ${Math.round((100 * view.done) / view.total)} %` : "Arriving";
    case "remote":
      return "At the relay";
    case "missing":
      return "Not here";
  }
}

/** All there is to say of an attachment, for its description. */
export function facts(view: AttachmentView): string {
  return [sizeWords(view.size), view.by, view.date, stateWords(view)].filter(Boolean).join(" · ");
}
