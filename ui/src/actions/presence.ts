import type { App } from "../state/app.svelte";
import type { OpenDocument } from "../state/document.svelte";
import type { Person } from "../state/presence.svelte";
import type { Action } from "./action";

/** Goes to where somebody is in the text. */
export function goToPerson(app: App, document: OpenDocument, person: Person): void {
  if (person.section === null || !document.section(person.section)) {
    app.toasts.say(`${person.name || "This person"} is in this document, outside of its text.`);
    return;
  }
  app.dialogs.close();
  app.dialogs.drawer = null;
  if (app.navigation.page !== "write") app.openPage("write");
  document.scrollTo(person.section);
  document.presence.point(person);
}

/** The person after the one that was gone to last. */
function nextPerson(document: OpenDocument): Person | null {
  const { people, pointed } = document.presence;
  const inText = people.filter((person) => person.section !== null);
  const at = inText.findIndex((person) => person.id === pointed?.id);
  return inText[(at + 1) % Math.max(1, inText.length)] ?? null;
}

export const presenceActions: Action[] = [
  {
    id: "presence.next",
    title: "Go to where somebody else is",
    group: "Sharing",
    shortcut: "Mod+Alt+P",
    keywords: "presence people here cursor caret who jump follow",
    available: (app) => app.document?.presence.people.some((person) => person.section !== null) ?? false,
    run: (app) => {
      const next = app.document && nextPerson(app.document);
      if (app.document && next) goToPerson(app, app.document, next);
    },
  },
  {
    id: "presence.show",
    title: "Show others where you are",
    group: "Sharing",
    keywords: "presence visible privacy cursor",
    available: (app) => app.document !== null && !app.document.presence.shown,
    run: async (app) => {
      await app.document?.presence.show(true);
      app.toasts.say("Others see where you are.");
    },
  },
  {
    id: "presence.hide",
    title: "Hide where you are from others",
    group: "Sharing",
    keywords: "presence invisible privacy cursor",
    available: (app) => app.document?.presence.shown ?? false,
    run: async (app) => {
      await app.document?.presence.show(false);
      app.toasts.say("Others no longer see where you are. You still see them.");
    },
  },
];
