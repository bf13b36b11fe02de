import { always, type Action } from "./action";

export const sharingActions: Action[] = [
  {
    id: "sharing.open",
    title: "Sharing and synchronisation",
    group: "Sharing",
    shortcut: "Mod+Alt+S",
    keywords: "relay members invite sync state",
    available: always,
    run: (app) => app.dialogs.open({ kind: "sharing" }),
  },
  {
    id: "sharing.syncNow",
    title: "Synchronise now",
    group: "Sharing",
    keywords: "relay send receive",
    available: (app) => app.workspaces.sync?.relay != null,
    run: (app) => app.attempt(() => app.workspaces.syncNow()),
  },
  {
    id: "sharing.join",
    title: "Join a workspace with a link…",
    group: "Sharing",
    keywords: "invitation invite accept",
    available: always,
    run: (app) => app.dialogs.open({ kind: "join", link: "" }),
  },
  {
    id: "sharing.createWorkspace",
    title: "Create a workspace…",
    group: "Sharing",
    keywords: "new team",
    available: always,
    run: (app) => app.dialogs.open({ kind: "createWorkspace" }),
  },
  {
    id: "sharing.userName",
    title: "Change your name…",
    group: "Sharing",
    keywords: "user profile author",
    available: always,
    run: (app) => app.dialogs.open({ kind: "userName" }),
  },
];
