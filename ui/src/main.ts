import { mount } from "svelte";
import type { Backend } from "./backend/backend";
import "./shared/fonts.css";
import "./shared/tokens.css";
import "./shared/base.css";
import Start from "./views/Start.svelte";

/** The backend of the host that this page runs in. */
async function connect(): Promise<Backend> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./backend/tauri")).connectTauri();
  // The development server has no core behind it; it shows sample content.
  if (import.meta.env.DEV) return (await import("./backend/memory-sample")).developmentBackend();
  return (await import("./backend/http")).connectHttp();
}

const target = document.getElementById("app");
if (target) mount(Start, { target, props: { connect } });
