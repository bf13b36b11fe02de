import { getContext, setContext } from "svelte";
import type { App } from "./app.svelte";

const KEY = Symbol("app");

/** Gives the app to every component below. */
export function provideApp(app: App): void {
  setContext(KEY, app);
}

/** The app, inside a component. */
export function useApp(): App {
  return getContext<App>(KEY);
}
