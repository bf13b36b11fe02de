import { createServer } from "vite";
import { chromium } from "playwright-core";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Starts the development server with sample content; returns its address and how to stop it. */
export async function startServer() {
  const server = await createServer({ server: { port: 0, host: "127.0.0.1" }, logLevel: "error" });
  await server.listen();
  const address = server.resolvedUrls?.local[0];
  if (!address) throw new Error("the development server has no address");
  return { address, stop: () => server.close() };
}

/** A browser that talks to nothing but the page. */
export function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
}

/** Opens the app at an address and waits until something can be seen. */
export async function openApp(browser, address, { width = 1440, height = 900, theme = "light", query = "" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    console.error("page error:", error.message);
    process.exitCode = 1;
  });
  page.on("console", (message) => message.type() === "error" && console.error("console:", message.text()));
  await page.goto(address + query);
  await page.waitForSelector("[data-testid=app-root], [data-testid=unlock]");
  await page.evaluate(() => document.fonts.ready);
  return page;
}
