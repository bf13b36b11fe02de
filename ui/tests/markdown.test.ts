import { describe, expect, it } from "vitest";
import { cleanSvg, renderInline, renderMarkdown } from "../src/lib/markdown";

function rendered(source: string): HTMLElement {
  const element = document.createElement("div");
  element.innerHTML = renderMarkdown(source);
  return element;
}

describe("what is dangerous does not get through", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](  JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](javascript:alert(1))",
    '[x](https://a.example "\\" onmouseover=alert(1)")',
    "<svg><animate onbegin=alert(1)></svg>",
    "```x\" onload=\"alert(1)\n```",
    "<style>*{display:none}</style>",
    "<iframe src=https://a.example></iframe>",
  ])("%s", (source) => {
    const element = rendered(source);
    expect(element.querySelector("script, style, iframe, img, svg, object, embed, form")).toBeNull();
    for (const node of element.querySelectorAll("*")) {
      for (const { name, value } of node.attributes) {
        expect(name).not.toMatch(/^on/);
        if (name === "href") expect(value).not.toMatch(/^\s*(javascript|data):/i);
      }
    }
  });

  it("loads no pictures, and names them", () => {
    const element = rendered("![The plan](https://tracker.example/plan.png)");
    expect(element.querySelector("img")).toBeNull();
    expect(element.textContent).toContain("The plan");
    expect(element.textContent).toContain("https://tracker.example/plan.png");
  });

  it("cleans QR codes", () => {
    const svg = cleanSvg('<svg viewBox="0 0 1 1" onload="alert(1)"><script>alert(1)</script><rect width="1" height="1"/></svg>');
    expect(svg).toContain("<rect");
    expect(svg).not.toMatch(/script|onload/);
  });
});

describe("what people write looks as meant", () => {
  it("shows tables, tasks, code and links", () => {
    const element = rendered("| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n- [ ] open\n\n```rust\nfn x() {}\n```\n\n<https://example.org>\n");
    expect(element.querySelectorAll("td")).toHaveLength(2);
    expect([...element.querySelectorAll(".task-box")].map((box) => box.getAttribute("aria-label"))).toEqual(["done", "open"]);
    expect(element.querySelector(".code-block")?.getAttribute("data-language")).toBe("rust");
    const link = element.querySelector("a");
    expect(link?.getAttribute("rel")).toContain("noopener");
    expect(link?.getAttribute("target")).toBe("_blank");
  });

  it("does not take file names for sites", () => expect(rendered("See tigerbeetle.zig and README.md.").querySelector("a")).toBeNull());

  it("knows the source lines of blocks", () => {
    const lines = [...rendered("one\n\n- two\n- three\n").querySelectorAll("[data-line]")].map((block) => block.getAttribute("data-line"));
    expect(lines).toContain("0,1");
    expect(lines).toContain("3,4");
  });

  it("renders headings without links in them", () => {
    expect(renderInline("The `log` and [its](x) *format*")).toBe("The <code>log</code> and its <em>format</em>");
  });
});

describe("front matter", () => {
  it("is shown as what it is, and not as a rule and a heading", () => {
    const element = rendered("---\ntitle: Weir\ntags: [a, b]\n---\n\n# Weir\n\nWater.\n");
    expect(element.querySelector("hr, h2")).toBeNull();
    expect(element.querySelector("[data-language='front matter'] code")?.textContent).toBe("title: Weir\ntags: [a, b]\n");
    expect(element.querySelector("h1")?.getAttribute("data-line")).toBe("5,6");
  });
  it.each(["---\n\nA rule above text.\n\n---\n", "Text.\n\n---\ntitle: x\n---\n", "---\ntitle: never closed\n"])("is not %j", (source) => expect(rendered(source).querySelector("[data-language]")).toBeNull());
});
