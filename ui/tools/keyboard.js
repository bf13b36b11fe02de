// Uses the interface by keyboard alone and fails where that does not work.
import assert from "node:assert/strict";
import { openApp, startBrowser, startServer } from "./server.js";

const server = await startServer();
const browser = await startBrowser();

const text = (page, selector) => page.locator(selector).first().innerText();
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.closest("[data-testid]")?.getAttribute("data-testid") ?? element?.tagName ?? null;
  });
const titles = (page) => page.locator("[data-testid=outline-item] .name").allInnerTexts();

async function create(page) {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "library");
  await page.keyboard.press("Alt+n");
  await page.waitForSelector("[data-testid=template-full]");
  await page.keyboard.type("Lock gates");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=section]");
  assert.equal(await text(page, "[data-testid=document-title]"), "Lock gates");
}

async function write(page) {
  // The outline: one stop for Tab, arrows inside.
  await page.locator("[data-testid=outline-item][tabindex='0']").focus();
  await page.keyboard.press("ArrowDown");
  assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ""), /Overview/);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".cm-content:focus");
  await page.keyboard.type("Two gates hold the **water**.");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "section-body");
  await page.waitForSelector("[data-testid=save-state][data-saving=false]");
  assert.equal(await page.locator("[data-testid=preview] strong").first().innerText(), "water");
  // And again at the end of the text.
  await page.keyboard.press("Enter");
  await page.waitForSelector(".cm-content:focus");
  await page.keyboard.type(" Nothing else does.");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label")?.includes("Architecture Diagram"));
  await page.keyboard.press("Escape");
  assert.match(await text(page, "[data-path='sections.overview'] [data-testid=preview]"), /water\. Nothing else does\./);
}

async function restructure(page) {
  await page.locator("[data-testid=outline-item]", { hasText: "Data Flow" }).focus();
  const before = await titles(page);
  await page.keyboard.press("Alt+ArrowUp");
  await page.waitForFunction((first) => document.querySelectorAll("[data-testid=outline-item] .name")[3]?.textContent !== first, before[3]);
  assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ""), /Data Flow/);
  await page.keyboard.press("F2");
  await page.waitForSelector("h2 textarea");
  await page.keyboard.type("Flow of data");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => [...document.querySelectorAll("[data-testid=section-title]")].some((title) => title.textContent?.includes("Flow of data")));
  await page.keyboard.press("Escape");
  await page.locator("[data-testid=outline-item]", { hasText: "Flow of data" }).focus();
  await page.keyboard.press("Delete");
  await page.waitForFunction(() => ![...document.querySelectorAll("[data-testid=outline-item]")].some((item) => item.textContent?.includes("Flow of data")));
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press("Control+Alt+z");
    await page.waitForTimeout(150);
  }
  assert.deepEqual(await titles(page), before);
}

async function palette(page) {
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[data-testid=palette-input]:focus");
  await page.keyboard.type("dark");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-theme=dark]");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[data-testid=palette-input]:focus");
  await page.keyboard.type("library");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=library]");
  await page.keyboard.press("Control+Shift+F");
  await page.waitForSelector("#search:focus");
  await page.keyboard.type("water");
  await page.waitForSelector("[data-testid=search-hit]");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=section]");
  await page.keyboard.press("Control+Alt+s");
  await page.waitForSelector("[data-testid=sync-panel]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("[data-testid=sync-panel]", { state: "detached" });
}

try {
  const page = await openApp(browser, server.address);
  page.setDefaultTimeout(8_000);
  for (const part of [create, write, restructure, palette]) {
    await part(page);
    console.log(`${part.name}: by keyboard alone`);
  }
} finally {
  await browser.close();
  await server.stop();
}
