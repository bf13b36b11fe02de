import DOMPurify from "dompurify";
import MarkdownIt, { type Token } from "markdown-it";
import { frontMatterLines } from "./front-matter";
import { findReferences, hasReferences, renderReferences, type Reference } from "./reference";

const markdown = new MarkdownIt({ html: false, linkify: true, typographer: false });
// Only addresses with a scheme become links; "tigerbeetle.zig" is a file and not a site.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

/** Attribute with the source line a block starts at, to find the place that was clicked. */
export const LINE_ATTRIBUTE = "data-line";

markdown.core.ruler.push("source_lines", (state) => {
  for (const token of state.tokens) {
    if (token.map && token.nesting >= 0 && token.type !== "inline") token.attrSet(LINE_ATTRIBUTE, `${token.map[0]},${token.map[1]}`);
  }
});

// Between two lines of --- at the very start stands what programs read, and Markdown would make a rule and a heading of it.
markdown.block.ruler.before("hr", "front_matter", (state, startLine, _endLine, silent) => {
  const lines = startLine === 0 && state.level === 0 ? frontMatterLines(state.src) : 0;
  if (lines === 0) return false;
  if (silent) return true;
  const token = state.push("front_matter", "", 0);
  token.content = state.getLines(1, lines - 1, 0, true);
  token.map = [0, lines];
  state.line = lines;
  return true;
});
markdown.renderer.rules["front_matter"] = (tokens, index) => {
  const { content, map } = tokens[index]!;
  const place = map ? ` ${LINE_ATTRIBUTE}="${map[0]},${map[1]}"` : "";
  return `<div class="code-block" data-language="front matter"${place}><pre><code>${markdown.utils.escapeHtml(content)}</code></pre></div>`;
};

/** `[ ]` and `[x]` at the start of a list item. */
markdown.core.ruler.push("task_lists", (state) => {
  const { tokens } = state;
  for (let index = 2; index < tokens.length; index++) {
    const inline = tokens[index]!;
    const item = tokens[index - 2]!;
    if (inline.type !== "inline" || tokens[index - 1]!.type !== "paragraph_open" || item.type !== "list_item_open") continue;
    const first = inline.children?.[0];
    const box = first?.type === "text" ? /^\[([ xX])\]\s+/.exec(first.content) : null;
    if (!first || !box) continue;
    first.content = first.content.slice(box[0].length);
    const done = box[1] !== " ";
    item.attrJoin("class", done ? "task done" : "task");
    const mark = new state.Token("task_box", "", 0);
    mark.meta = { done };
    inline.children?.unshift(mark);
  }
});
markdown.renderer.rules["task_box"] = (tokens, index) => {
  const done = tokens[index]?.meta?.["done"] === true;
  return `<span class="task-box" role="img" aria-label="${done ? "done" : "open"}">${done ? "✓" : ""}</span>`;
};

/** What a mention shows, and whether what it names is gone. */
export interface Mention {
  label: string;
  gone: boolean;
}
type Mentions = (reference: Reference) => Mention;

/** Mentions become links; in code there are none, so there they become their words. */
markdown.core.ruler.push("mentions", (state) => {
  const mentions = (state.env as { mentions?: Mentions }).mentions;
  if (!mentions || !hasReferences(state.src)) return;
  const words = (text: string) => renderReferences(text, (reference) => mentions(reference).label).text;
  const split = (token: Token): Token[] => {
    const pieces: Token[] = [];
    let at = 0;
    const add = (type: string, content: string, meta: Record<string, unknown> | null = null) => {
      if (content === "") return;
      const piece = new state.Token(type, "", 0);
      piece.content = content;
      piece.meta = meta;
      pieces.push(piece);
    };
    for (const reference of findReferences(token.content)) {
      add("text", token.content.slice(at, reference.from));
      const { label, gone } = mentions(reference);
      add("mention", label, { id: reference.id, gone });
      at = reference.to;
    }
    add("text", token.content.slice(at));
    return pieces;
  };
  for (const token of state.tokens) {
    if (token.type === "inline") token.children = (token.children ?? []).flatMap((child) => (child.type === "text" && hasReferences(child.content) ? split(child) : [Object.assign(child, { content: words(child.content) })]));
    else if (hasReferences(token.content)) token.content = words(token.content);
  }
});
markdown.renderer.rules["mention"] = (tokens, index) => {
  const { content, meta } = tokens[index]!;
  const { id, gone } = meta as { id: string; gone: boolean };
  const note = gone ? ' title="This was deleted"' : "";
  return `<a class="mention${gone ? " gone" : ""}" href="#record-${id}" data-record="${id}"${note}>${markdown.utils.escapeHtml(content)}</a>`;
};

// Pictures from elsewhere are named and not loaded: a document must not call out when it is opened.
markdown.renderer.rules["image"] = (tokens, index) => {
  const token = tokens[index]!;
  const escape = markdown.utils.escapeHtml;
  const source = String(token.attrGet("src") ?? "");
  return `<span class="picture" title="${escape(source)}"><span class="picture-alt">${escape(token.content || "Picture")}</span> <span class="picture-source">${escape(source)}</span></span>`;
};

const fence = markdown.renderer.rules["fence"]!;
markdown.renderer.rules["fence"] = (tokens, index, options, environment, renderer) => {
  const language = tokens[index]!.info.trim().split(/\s+/)[0] ?? "";
  const label = language ? ` data-language="${markdown.utils.escapeHtml(language)}"` : "";
  return `<div class="code-block"${label}>${fence(tokens, index, options, environment, renderer)}</div>`;
};

// A code block or a table that is wider than the page scrolls, and must be reachable by keyboard for that.
markdown.renderer.rules["table_open"] = (tokens, index, options, _environment, renderer) =>
  `<div class="table-scroll" tabindex="0" role="group" aria-label="Table">${renderer.renderToken(tokens, index, options)}`;
markdown.renderer.rules["table_close"] = () => "</table></div>";

const purifier = typeof window === "undefined" ? null : DOMPurify(window);
const ALLOWED = { ADD_ATTR: ["target"], FORBID_TAGS: ["style", "form", "input", "button"], FORBID_ATTR: ["style"] };

purifier?.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.getAttribute("href")?.match(/^[a-z][a-z+.-]*:/i)) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  if (node.nodeName === "PRE") node.setAttribute("tabindex", "0");
});

function clean(html: string): string {
  return purifier ? purifier.sanitize(html, ALLOWED) : "";
}

/** Markdown as HTML that is safe to show. */
export function renderMarkdown(source: string, mentions?: Mentions): string {
  return clean(markdown.render(source, { mentions }));
}

/** One line of Markdown, such as a heading, as HTML that is safe to show. */
export function renderInline(source: string): string {
  return clean(markdown.renderInline(source)).replace(/<a\b[^>]*>|<\/a>/g, "");
}

/** An SVG image that is safe to show, such as a QR code. */
export function cleanSvg(svg: string): string {
  return purifier ? purifier.sanitize(svg, { USE_PROFILES: { svg: true } }) : "";
}
