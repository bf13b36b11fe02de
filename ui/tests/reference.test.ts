import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../src/lib/markdown";
import { keepReferences, encodeReference, findReferences, renderReferences, withoutReferenceMarks } from "../src/lib/reference";
import { wordCount } from "../src/lib/wording";

const mention = encodeReference({ id: "0a", field: "name", hint: "" });
const shown = () => ({ label: "Front door", gone: false });

describe("references", () => {
  it("are found with their hints", () => {
    const list = encodeReference({ id: "0b", field: "responsibilities", hint: "-  - " });
    const text = `The ${mention} does\n  - ${list}`;
    expect(findReferences(text).map(({ id, field, hint }) => [id, field, hint])).toEqual([
      ["0a", "name", ""],
      ["0b", "responsibilities", "-  - "],
    ]);
  });

  it("that are damaged are text", () => {
    for (const text of ["\uE020", "\uE020zz.name\uE021", "\uE0200a\uE021", "\uE020\uE0200a.name"]) expect(findReferences(text)).toEqual([]);
    expect(findReferences(`\uE020x${mention}`)).toHaveLength(1);
  });

  it("lead from what is seen back to the source", () => {
    const text = `a ${mention} b`;
    const seen = renderReferences(text, () => "Front door");
    expect(seen.text).toBe("a Front door b");
    expect(seen.source(0)).toBe(0);
    expect(seen.source(2)).toBe(2);
    expect(seen.source(5)).toBe(text.length - 2);
    expect(seen.source(seen.text.length)).toBe(text.length);
    expect(renderReferences("plain", () => "").source(3)).toBe(3);
  });

  it("stay in a value that is changed as people read it", () => {
    const name = (reference: { id: string }) => (reference.id === "0a" ? "Front door" : "Bell");
    const bell = encodeReference({ id: "0b", field: "name", hint: "" });
    const source = `The ${mention} has a ${bell}.`;
    const kept = (text: string) => keepReferences(source, text, name);
    expect(kept("The Front door has a Bell.")).toBe(source);
    expect(kept("The old Front door has a Bell.")).toBe(`The old ${mention} has a ${bell}.`);
    expect(kept("The Front door has no Bell.")).toBe(`The ${mention} has no ${bell}.`);
    expect(kept("The Front door has a Bell")).toBe(`The ${mention} has a ${bell}`);
    expect(kept("The Back door has a Bell.")).toBe(`The Back door has a ${bell}.`);
    expect(kept("The Front door has a Bells.")).toBe(`The ${mention} has a ${bell}s.`);
    expect(kept("The Fr Bell.")).toBe(`The Fr ${bell}.`);
    expect(kept("The Front.")).toBe("The Front.");
    expect(kept("")).toBe("");
    expect(keepReferences(`${mention}${bell}`, "Front doorBellx", name)).toBe(`${mention}${bell}x`);
    expect(keepReferences(`${mention}${bell}`, "xFront doorBell", name)).toBe(`x${mention}${bell}`);
    expect(keepReferences(`${mention}${bell}`, "Front door and Bell", name)).toBe(`${mention} and ${bell}`);
  });

  it("cannot come from outside", () => expect(withoutReferenceMarks(mention)).toBe("\uFFFD0a.name\uFFFD"));
  it("count as one word", () => expect(wordCount(`The ${mention} opens`)).toBe(3));
});

describe("mentions in Markdown", () => {
  it("become links to their record", () => {
    const html = renderMarkdown(`The **${mention}** opens`, shown);
    expect(html).toContain('<strong><a class="mention" href="#record-0a" data-record="0a">Front door</a></strong>');
  });
  it("are words in code", () => {
    const html = renderMarkdown(`\`${mention}\`\n\n\`\`\`\n${mention}\n\`\`\``, shown);
    expect(html).not.toContain("mention");
    expect(html.match(/Front door/g)).toHaveLength(2);
  });
  it("say when what they name is gone, and hold no markup", () => {
    const html = renderMarkdown(mention, () => ({ label: "<img onerror=x>", gone: true }));
    expect(html).toContain("mention gone");
    expect(html).not.toContain("<img");
  });
});
