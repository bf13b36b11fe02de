// axe over every view, in both themes and on a wide and a narrow screen. Ends with 1 when there are violations.
//   node tools/a11y.js                      with sample content
//   node tools/a11y.js --url ADDRESS        against a running host; ADDRESS with its token
//   node tools/a11y.js VIEW …               only these views
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { openApp, startBrowser, startServer } from "./server.js";
import { views } from "./views.js";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is wrong with the page as it is now. */
async function violations(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations;
}

function report(place, found) {
  for (const { id, help, nodes } of found) {
    console.error(`${place}: ${id}: ${help}`);
    for (const node of nodes.slice(0, 3)) console.error(`    ${node.target.join(" ")}  ${node.any[0]?.message ?? node.all[0]?.message ?? ""}`);
  }
}

/** Goes through the views and returns how many violations there are. */
async function check(browser, address, wanted, sample) {
  let count = 0;
  for (const view of views) {
    if ((wanted.length > 0 && !wanted.includes(view.name)) || (view.sampleOnly && !sample)) continue;
    for (const [width, theme] of [
      [1440, "light"],
      [1440, "dark"],
      [390, "light"],
    ]) {
      const page = await openApp(browser, address, { width, theme, query: sample ? view.query : "" });
      await view.go(page);
      await page.waitForTimeout(100);
      const found = await violations(page);
      report(`${view.name} ${width} ${theme}`, found);
      count += found.length;
      await page.context().close();
    }
  }
  return count;
}

const args = process.argv.slice(2);
const url = args.includes("--url") ? args.splice(args.indexOf("--url"), 2)[1] : null;
const server = url ? { address: url, stop: async () => {} } : await startServer();
const browser = await startBrowser();
try {
  const count = await check(browser, server.address, args, url === null);
  console.log(count === 0 ? "No accessibility violations." : `${count} accessibility violations.`);
  if (count > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await server.stop();
}
