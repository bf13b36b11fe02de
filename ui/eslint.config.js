import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** The pages of a document besides its text. */
const pages = ["model", "flows", "decisions", "operations", "check"];

/** Import directions: what a folder may not import. Everything not named is allowed. */
const above = {
  lib: ["state", "actions", "shared", "editor", "outline", "library", "sharing", "inspector", "palette", ...pages, "views"],
  backend: ["state", "actions", "shared", "editor", "outline", "library", "sharing", "inspector", "palette", ...pages, "views"],
  state: ["actions", "shared", "editor", "outline", "library", "sharing", "inspector", "palette", ...pages, "views"],
  actions: ["shared", "editor", "outline", "library", "sharing", "inspector", "palette", ...pages, "views"],
  shared: ["backend", "lib", "state", "actions", "editor", "outline", "library", "sharing", "inspector", "palette", ...pages, "views"],
  editor: ["views"],
  outline: ["views"],
  library: ["views"],
  sharing: ["views"],
  inspector: ["views"],
  palette: ["views"],
  ...Object.fromEntries(pages.map((page) => [page, ["views"]])),
};

const directions = Object.entries(above).map(([folder, forbidden]) => ({
  files: [`src/${folder}/**/*.{ts,svelte}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { group: forbidden.map((name) => `../${name}/**`), message: `${folder} may not import this; see the import directions.` },
          ...(folder === "backend" ? [] : [{ group: ["@tauri-apps/*"], message: "Only backend/tauri.ts imports Tauri." }]),
        ],
      },
    ],
  },
}));

export default ts.config(
  { ignores: ["dist/", "src/backend/generated/"] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig, extraFileExtensions: [".svelte"] } },
  },
  {
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // Prose goes through DOMPurify in one component; every other use of {@html} must say why.
      "svelte/no-at-html-tags": "error",
      "svelte/no-navigation-without-resolve": "off",
      // Collections are replaced as a whole and held in $state.raw; reactive ones would cost per element.
      "svelte/prefer-svelte-reactivity": "off",
    },
  },
  ...directions,
);
