import { StyleModule } from "style-mod";

/**
 * The editor's styles come as modules that are put into `<style>` elements,
 * which a strict content security policy refuses. Constructed style sheets
 * are allowed by it, so the modules go into one of those instead.
 */
export function useConstructedSheets(): void {
  if (!("adoptedStyleSheets" in Document.prototype)) return;
  const mounted = new WeakMap<DocumentOrShadowRoot, { sheet: CSSStyleSheet; modules: StyleModule[] }>();
  StyleModule.mount = (root, wanted) => {
    const known = mounted.get(root) ?? { sheet: new CSSStyleSheet(), modules: [] };
    if (!mounted.has(root)) {
      mounted.set(root, known);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, known.sheet];
    }
    const list = Array.isArray(wanted) ? wanted : [wanted];
    const fresh = list.filter((module) => !known.modules.includes(module));
    if (fresh.length === 0) return;
    // The order decides which rule wins: those asked for stand in their order, what was there before comes first.
    known.modules = [...known.modules.filter((module) => !list.includes(module)), ...list];
    known.sheet.replaceSync(known.modules.map((module) => module.getRules()).join("\n"));
  };
}
