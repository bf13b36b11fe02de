// Pictures of every view, to be looked at.
//   node tools/screenshots.js FOLDER [VIEW …]                  with sample content
//   node tools/screenshots.js --url ADDRESS FOLDER [VIEW …]    of a running host; ADDRESS with its token
// WIDTHS and THEMES choose some of them: WIDTHS=1440,390 THEMES=dark
import { mkdir } from "node:fs/promises";
import { openApp, startBrowser, startServer } from "./server.js";
import { views } from "./views.js";

const args = process.argv.slice(2);
const url = args.includes("--url") ? args.splice(args.indexOf("--url"), 2)[1] : null;
const [folder = "screenshots", ...wanted] = args;
const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 768, height: 1024 },
  { width: 390, height: 844 },
];
const widths = process.env["WIDTHS"]?.split(",").map(Number);
const themes = process.env["THEMES"]?.split(",") ?? ["light", "dark"];

await mkdir(folder, { recursive: true });
const server = url ? { address: url, stop: async () => {} } : await startServer();
const browser = await startBrowser();
try {
  for (const view of views) {
    if ((wanted.length > 0 && !wanted.includes(view.name)) || (view.sampleOnly && url)) continue;
    for (const size of sizes) {
      if (widths && !widths.includes(size.width)) continue;
      for (const theme of themes) {
        const page = await openApp(browser, server.address, { ...size, theme, query: url ? "" : view.query });
        await view.go(page);
        await page.waitForTimeout(150);
        await page.screenshot({ path: `${folder}/${view.name}-${size.width}-${theme}.png` });
        await page.context().close();
      }
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
