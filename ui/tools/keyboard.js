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

const rowNames = (page) => page.locator("[data-testid=element-row] .cell.name .text").allInnerTexts();

async function model(page) {
  await page.keyboard.press("Alt+2");
  await page.waitForSelector("[data-testid=model-page]");
  // An element by the action, and more by the row at the end.
  await page.keyboard.press("Alt+e");
  await page.waitForSelector("[data-testid=add-record] input:focus");
  await page.keyboard.type("Lock");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=record-details]");
  await page.locator("[data-testid=add-element]").focus();
  for (const name of ["Gate", "Pump database"]) {
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.locator("[data-testid=element-row]", { hasText: name }).waitFor();
  }
  assert.deepEqual(await rowNames(page), ["Lock", "Gate", "Pump database"]);
  assert.match(await text(page, "[data-testid=element-row]:nth-child(3) .cell.kind"), /Database/);
  // The table: one stop for Tab, arrows inside, Alt+Shift with arrows nests.
  await page.locator("[data-testid=element-table] [tabindex='0']").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Alt+Shift+ArrowRight");
  await page.waitForSelector("[data-testid=element-row][aria-level='2']");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Gate"));
  await page.keyboard.press("F2");
  await page.waitForSelector("[data-testid=element-row] input[aria-label=Name]:focus");
  await page.keyboard.type("Upper gate");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Upper gate"));
  // The menu of a row: by its key, by letters inside, and back to the row.
  await page.keyboard.press("Shift+F10");
  await page.waitForSelector("[role=menuitem]:focus");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Upper gate"));
  await page.keyboard.press("ContextMenu");
  await page.waitForSelector("[role=menuitem]:focus");
  await page.keyboard.press("r");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=element-row] input[aria-label=Name]:focus");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Upper gate"));
  await page.keyboard.press("End");
  await page.keyboard.press("Space");
  await page.waitForSelector(".chosen [type=checkbox]:checked, [type=checkbox]:checked");
  await page.keyboard.press("Delete");
  await page.locator("[data-testid=element-row]", { hasText: "Pump" }).waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await page.locator("[data-testid=element-row]", { hasText: "Pump" }).waitFor();
  // A field of the details, saved by leaving it.
  await page.locator("[data-testid=element-table] [tabindex='0']").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.locator("[data-testid=record-details] [data-field=purpose] textarea").focus();
  await page.keyboard.type("Lifts ships.");
  await page.keyboard.press("Tab");
  await page.waitForSelector("[data-testid=save-state][data-saving=false]");
  assert.match(await text(page, "[data-testid=element-row] .purpose, [data-testid=element-row]"), /Lock/);
}

async function relate(page) {
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[data-testid=palette-input]:focus");
  await page.keyboard.type("Add a relationship");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=add-record] input:focus");
  for (const name of ["Upper", "Pump"]) {
    await page.keyboard.type(name);
    await page.waitForSelector("[role=option][aria-selected=true]");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    // Past the button that clears the field.
    if ((await page.evaluate(() => document.activeElement?.tagName)) === "BUTTON") await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=add-record]", { state: "detached" });
  await page.locator("[data-testid=record-details] [data-field=interaction] select").focus();
  await page.keyboard.press("s");
  await page.waitForSelector("[data-testid=save-state][data-saving=false]");
  // A row of the table of relationships: its menu, its trash, and back.
  await page.getByRole("button", { name: "Relationships" }).focus();
  await page.keyboard.press("Space");
  await page.locator("[data-testid=relationship-table] [role=row][tabindex='0']").focus();
  await page.keyboard.press("Shift+F10");
  await page.waitForSelector("[role=menuitem]:focus");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=relationship-table] [data-row]", { state: "detached" });
  await page.keyboard.press("Control+z");
  await page.waitForSelector("[data-testid=relationship-table] [data-row]");
}

async function flows(page) {
  await page.keyboard.press("Alt+3");
  await page.waitForSelector("[data-testid=flows-page]");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[data-testid=palette-input]:focus");
  await page.keyboard.type("Add a flow");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=add-record] input:focus");
  await page.keyboard.type("A ship goes up");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=flow]");
  await page.locator("[data-testid=add-step]").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=step] textarea:focus");
  await page.keyboard.type("The gate opens");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=step]").length === 2 && document.activeElement?.tagName === "TEXTAREA");
  await page.keyboard.type("The ship enters");
  await page.keyboard.press("Alt+Shift+ArrowUp");
  await page.waitForFunction(() => document.querySelector("[data-testid=step] textarea")?.value === "The ship enters");
  assert.equal(await page.evaluate(() => document.activeElement?.value), "The ship enters");
}

async function decisions(page) {
  await page.keyboard.press("Alt+4");
  await page.waitForSelector("[data-testid=decisions-page]");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[data-testid=palette-input]:focus");
  await page.keyboard.type("Add a decision");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=add-record] input:focus");
  await page.keyboard.type("Steel gates");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=decision]");
  await page.locator("[data-testid=add-alternative]").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=alternative] input:focus");
  await page.keyboard.type("Oak gates");
  await page.keyboard.press("Tab");
  await page.locator("[data-testid=alternative] [data-field=pros] textarea").focus();
  await page.keyboard.type("Cheap");
  await page.keyboard.press("Enter");
  await page.keyboard.type("Quiet");
  await page.keyboard.press("Alt+ArrowUp");
  await page.waitForFunction(() => [...document.querySelectorAll("[data-field=pros] textarea")].map((input) => input.value).join() === "Quiet,Cheap,");
}

async function check(page) {
  await page.keyboard.press("Alt+6");
  await page.waitForSelector("[data-testid=finding]");
  await page.locator("[data-testid=finding-open]", { hasText: "backup" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=record-details] [data-field=backup] textarea:focus");
  await page.keyboard.type("Every night.");
  await page.keyboard.press("Alt+6");
  await page.waitForSelector("[data-testid=check-page]");
  await page.locator("[data-testid=finding]", { hasText: "backup" }).waitFor({ state: "detached" });
  // A fix, and its way back.
  const call = page.locator("[data-testid=finding]", { hasText: "waits for Pump" });
  await call.locator("[data-testid=fix]").focus();
  await page.keyboard.press("Enter");
  await call.waitFor({ state: "detached" });
  await page.keyboard.press("Control+Alt+z");
  await call.waitFor();
  await page.locator("[data-testid=accept]").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=suppress] textarea:focus");
  await page.keyboard.type("Not yet.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=suppress]", { state: "detached" });
  await page.waitForSelector("details summary");
}

async function mention(page) {
  await page.keyboard.press("Alt+1");
  await page.waitForSelector("[data-path='sections.overview'] [data-testid=section-body]");
  await page.locator("[data-path='sections.overview'] [data-testid=section-body]").focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".cm-content:focus");
  await page.keyboard.type(" See @Upp");
  await page.waitForSelector(".cm-tooltip-autocomplete");
  await page.waitForTimeout(120);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".cm-reference");
  await page.keyboard.type(" and Sluice");
  for (let letter = 0; letter < 6; letter++) await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Control+Shift+E");
  await page.waitForSelector("[data-testid=make-element-confirm]:focus");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".cm-reference").length === 2);
  await page.keyboard.press("Escape");
  assert.match(await text(page, "[data-path='sections.overview'] [data-testid=preview]"), /See Upper gate and Sluice/);
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
  await page.keyboard.type("gates hold");
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
  for (const part of [create, write, restructure, model, relate, flows, decisions, check, mention, palette]) {
    await part(page);
    console.log(`${part.name}: by keyboard alone`);
  }
} finally {
  await browser.close();
  await server.stop();
}
