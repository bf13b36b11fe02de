import { always, type Action } from "./action";

export const recoveryActions: Action[] = [
  {
    id: "recovery.open",
    title: "Recovery kit…",
    group: "Sharing",
    keywords: "24 words backup lost device restore paper rehearse",
    available: always,
    run: (app) => app.dialogs.open({ kind: "recovery" }),
  },
  {
    id: "recovery.use",
    title: "Use a recovery kit…",
    group: "Sharing",
    keywords: "24 words lost device come back restore",
    available: always,
    run: (app) => app.dialogs.open({ kind: "useRecovery" }),
  },
];
