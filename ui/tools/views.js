/**
 * Every view of the interface, and the way to it. Shared by the screenshots
 * and the accessibility run. `needs` says what the content must offer.
 */
export const views = [
  { name: "library", go: async () => {} },
  { name: "empty", query: "?sample=empty", sampleOnly: true, go: async () => {} },
  { name: "locked", query: "?sample=locked", sampleOnly: true, go: async () => {} },
  { name: "passphrase", query: "?sample=passphrase", sampleOnly: true, go: async () => {} },
  {
    name: "search",
    go: async (page) => {
      await page.fill("[data-testid=search]", "movement");
      await page.waitForSelector("[data-testid=search-results]");
    },
  },
  {
    name: "new-document",
    go: async (page) => {
      await page.click("[data-testid=new-document]");
      await page.waitForSelector("dialog [name=template]");
    },
  },
  { name: "document", go: openDocument },
  {
    name: "editing",
    go: async (page) => {
      await openDocument(page);
      await page.locator("[data-testid=section-body]").nth(1).click();
      await page.waitForSelector(".cm-content");
    },
  },
  {
    name: "split",
    go: async (page) => {
      await openDocument(page);
      await page.keyboard.press("Control+Alt+Digit2");
      await page.locator("[data-testid=section-body]").nth(1).focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector(".cm-content");
    },
  },
  {
    name: "read",
    go: async (page) => {
      await openDocument(page);
      await page.keyboard.press("Control+Alt+Digit3");
    },
  },
  {
    name: "details",
    go: async (page) => {
      await openDocument(page);
      await page.click("[data-action='view.inspector']");
      await page.getByRole("button", { name: "History" }).click();
      await page.waitForSelector("[data-testid=log]");
    },
  },
  {
    name: "outline",
    go: async (page) => {
      await openDocument(page);
      if (!(await page.locator("[data-testid=outline]").isVisible())) await page.click("[data-action='view.outline']");
      await page.waitForSelector("[data-testid=outline]");
    },
  },
  {
    name: "model",
    go: async (page) => {
      await openPage(page, "model");
      await page.waitForSelector("[data-testid=element-row]");
    },
  },
  {
    name: "model-element",
    go: async (page) => {
      await openPage(page, "model");
      await page.locator("[data-testid=element-row] .name", { hasText: "Tablet" }).click();
      await page.waitForSelector("[data-testid=record-details]");
    },
  },
  {
    name: "model-cards",
    go: async (page) => {
      await openPage(page, "model");
      await page.getByRole("button", { name: "Cards" }).click();
      await page.waitForSelector("[data-testid=element-cards]");
    },
  },
  {
    name: "model-relationships",
    go: async (page) => {
      await openPage(page, "model");
      await page.getByRole("button", { name: "Relationships" }).click();
      await page.waitForSelector("[data-testid=relationship-table]");
    },
  },
  { name: "sharing", go: openSharing },
  {
    name: "invite",
    sampleOnly: true,
    go: async (page) => {
      await openSharing(page);
      await page.fill("[data-testid=relay-url]", "https://relay.example.org");
      await page.click("[data-testid=relay-save]");
      await page.click("[data-testid=invite-create]");
      await page.waitForSelector("[data-testid=invite-link]");
    },
  },
  {
    name: "join",
    go: async (page) => {
      await page.click("[data-testid=workspace-switch]");
      await page.click("[role=menuitem][data-action='sharing.join']");
      await page.waitForSelector("[data-testid=join-link]");
    },
  },
  {
    name: "palette",
    go: async (page) => {
      await page.keyboard.press("Control+K");
      await page.waitForSelector("[data-testid=palette]");
    },
  },
  {
    name: "shortcuts",
    go: async (page) => {
      await page.keyboard.press("Shift+?");
      await page.waitForSelector("dialog[open]");
    },
  },
];

/** Opens the first document of the library. */
export async function openDocument(page) {
  await page.locator("[data-testid=document-row] a").first().click();
  await page.waitForSelector("[data-testid=section]");
}

/** Opens a page of the first document, by the keys that work at every width. */
export async function openPage(page, name) {
  await openDocument(page);
  await page.keyboard.press(`Alt+${["write", "model", "flows", "decisions", "operations", "check"].indexOf(name) + 1}`);
  await page.waitForSelector("main h1");
}

async function openSharing(page) {
  await page.click("[data-testid=sync-indicator]");
  await page.waitForSelector("[data-testid=sync-panel]");
}
