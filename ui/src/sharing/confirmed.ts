import type { App } from "../state/app.svelte";

/** Asks in the place of the sharing panel, does it after a yes, and goes back to the panel. */
export async function confirmed(app: App, title: string, message: string, button: string, work: () => Promise<unknown>): Promise<void> {
  const yes = await app.dialogs.ask(title, message, button);
  app.dialogs.open({ kind: "sharing" });
  if (yes) await app.attempt(work);
}
