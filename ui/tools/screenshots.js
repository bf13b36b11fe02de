// Pictures of every view, to be looked at: node tools/screenshots.js FOLDER [VIEW …]
import { mkdir } from "node:fs/promises";
import { openApp, startBrowser, startServer } from "./server.js";
import { views } from "./views.js";

const [folder = "screenshots", ...wanted] = process.argv.slice(2);
const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 768, height: 1024 },
  { width: 390, height: 844 },
];
const widths = process.env["WIDTHS"]?.split(",").map(Number);
const themes = process.env["THEMES"]?.split(",") ?? ["light", "dark"];

await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await startBrowser();
try {
  for (const view of views) {
    if (wanted.length > 0 && !wanted.includes(view.name)) continue;
    for (const size of sizes) {
      if (widths && !widths.includes(size.width)) continue;
      for (const theme of themes) {
        const page = await openApp(browser, server.address, { ...size, theme, query: view.query });
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
