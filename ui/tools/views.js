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
      await page.waitForSelector("[data-testid=template-full]");
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
    name: "people",
    sampleOnly: true,
    go: async (page) => {
      await openDocument(page);
      await page.click("[data-testid=people-here]");
      await page.waitForSelector("[role=menu]");
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
    name: "mentioned",
    go: async (page) => {
      await openDocument(page);
      await page.locator("[data-testid=preview] a.mention").nth(1).click();
      await page.waitForSelector("[data-testid=record-details]");
      // Where nothing shows that the pointer is over it.
      await page.mouse.move(2, 450);
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
    name: "element-menu",
    go: async (page) => {
      await openPage(page, "model");
      await page.locator("[data-testid=element-row] .name", { hasText: "Tablet" }).click({ button: "right" });
      await page.waitForSelector("[role=menu]");
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
  {
    name: "add-element",
    go: async (page) => {
      await openPage(page, "model");
      await page.keyboard.press("Alt+e");
      await page.waitForSelector("[data-testid=add-record] select");
    },
  },
  {
    name: "flows",
    go: async (page) => {
      await openPage(page, "flows");
      if ((await page.locator("[data-testid=step]").count()) === 0) await page.locator("[data-testid=flow-link]").first().click();
      await page.waitForSelector("[data-testid=step]");
    },
  },
  {
    name: "decisions",
    go: async (page) => {
      await openPage(page, "decisions");
      await page.waitForSelector("[data-testid=decision-table] [role=gridcell]");
    },
  },
  {
    name: "decision",
    go: async (page) => {
      await openPage(page, "decisions");
      await page.getByText("Append-only log instead of").first().click();
      await page.waitForSelector("[data-testid=decision]");
    },
  },
  {
    name: "operations",
    go: async (page) => {
      await openPage(page, "operations");
      await page.waitForSelector("[data-testid=comparison] table");
    },
  },
  {
    name: "concerns",
    go: async (page) => {
      await openPage(page, "operations");
      await page.waitForSelector("[data-testid=comparison] table");
      await page.locator("#part-security").evaluate((part) => part.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "check",
    go: async (page) => {
      await openPage(page, "check");
      await page.waitForSelector("[data-testid=finding]");
    },
  },
  {
    name: "check-rule",
    go: async (page) => {
      await openPage(page, "check");
      await page.locator("[data-testid=finding] .where button").first().click();
      await page.waitForSelector("[data-testid=rule]");
    },
  },
  {
    name: "accept",
    go: async (page) => {
      await openPage(page, "check");
      await page.locator("[data-testid=accept]").first().click();
      await page.waitForSelector("[data-testid=suppress]");
    },
  },
  {
    name: "mentions",
    go: async (page) => {
      await openDocument(page);
      const body = page.locator("[data-path='sections.data-flow'] [data-testid=section-body]");
      await body.focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector(".cm-reference");
      await page.keyboard.type(" @ta");
      await page.waitForSelector(".cm-tooltip-autocomplete");
    },
  },
  {
    name: "make-element",
    go: async (page) => {
      await openDocument(page);
      await page.locator("[data-path='sections.scalability'] [data-testid=section-body]").focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector(".cm-content:focus");
      await page.keyboard.type(" Lock keeper");
      for (let letter = 0; letter < 11; letter++) await page.keyboard.press("Shift+ArrowLeft");
      await page.keyboard.press("Control+Shift+E");
      await page.waitForSelector("[data-testid=make-element] select");
    },
  },
  {
    name: "lift",
    go: async (page) => {
      await openDocument(page);
      await fromPalette(page, "Lift into the model");
      await page.waitForSelector("[data-testid=lift] .sum, [data-testid=lift] [role=status]");
    },
  },
  {
    name: "trash",
    go: async (page) => {
      await openDocument(page);
      await fromPalette(page, "Open the trash");
      await page.waitForSelector("[data-testid=trash]");
    },
  },
  {
    name: "template",
    go: async (page) => {
      await openDocument(page);
      await fromPalette(page, "Change the template");
      await page.waitForSelector("[data-testid=template] input[type=radio]");
    },
  },
  {
    name: "decision-files",
    go: async (page) => {
      await openDocument(page);
      await fromPalette(page, "Import or export decision records");
      await page.waitForSelector("[data-testid=decision-files]");
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
    name: "members",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await openMembers(page);
    },
  },
  { name: "set-aside", query: "?sample=shared", sampleOnly: true, go: openSharing },
  {
    name: "member-menu",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await openMembers(page);
      await page.locator("[data-testid=member-menu]").nth(1).click();
      await page.waitForSelector("[role=menu]");
    },
  },
  {
    name: "remove-member",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await openMembers(page);
      await page.locator("[data-testid=member-menu]").nth(1).click();
      await page.getByRole("menuitem", { name: "Remove from the workspace" }).click();
      await page.waitForSelector("[data-testid=confirm-yes]");
    },
  },
  {
    name: "invitation-link",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await openSharing(page);
      await page.click("[data-testid=invite-create]");
      await page.waitForSelector("[data-testid=invite-link]");
      await page.locator("#invitations-heading").evaluate((heading) => heading.scrollIntoView());
    },
  },
  {
    name: "add-device",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await openSharing(page);
      await page.click("[data-testid=add-device]");
      await page.fill("[data-testid=device-code]", "drystone1devg1ggmQ0Vt7vZk1n3b6eGx2");
      await page.click("[data-testid=device-go]");
      await page.waitForSelector("[data-testid=device-digits]");
    },
  },
  {
    name: "device-code",
    go: async (page) => {
      await openSharing(page);
      await page.click("[data-action='sharing.deviceCode']");
      await page.waitForSelector("[data-testid=own-code]");
    },
  },
  {
    name: "attachments",
    go: async (page) => {
      await openDocument(page);
      await page.locator("[data-testid=attachment]").first().scrollIntoViewIfNeeded();
    },
  },
  {
    name: "attached-record",
    go: async (page) => {
      await openPage(page, "model");
      await page.locator("[data-testid=element-row] .name", { hasText: "Event log" }).click();
      await page.locator("[data-testid=record-details] [data-testid=attachments]").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "attachment",
    go: async (page) => {
      await openDocument(page);
      await page.locator("[data-testid=attachment] .open").first().click();
      await page.waitForSelector("[data-testid=attachment-picture]");
    },
  },
  {
    name: "proof",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await openSharing(page);
      await page.click("[data-testid=prove]");
      await page.waitForSelector("[data-testid=proof-result]");
    },
  },
  { name: "recovery", query: "?sample=shared", sampleOnly: true, go: openRecovery },
  { name: "recovery-words", query: "?sample=shared", sampleOnly: true, go: makeKit },
  {
    name: "recovery-tried",
    query: "?sample=shared",
    sampleOnly: true,
    go: async (page) => {
      await makeKit(page);
      const words = await page.locator("[data-testid=recovery-words] li").allTextContents();
      await page.click("[data-testid=recovery-written]");
      await page.fill("[data-testid=recovery-given]", words.join(" "));
      await page.click("[data-testid=recovery-try-now]");
      await page.waitForSelector("[data-testid=recovery-tried]");
    },
  },
  {
    name: "recovery-use",
    go: async (page) => {
      await fromPalette(page, "Use a recovery kit");
      await page.waitForSelector("[data-testid=recovery-given]");
    },
  },
  { name: "reader", query: "?sample=reader", sampleOnly: true, go: openDocument },
  {
    name: "reader-model",
    query: "?sample=reader",
    sampleOnly: true,
    go: async (page) => {
      await openDocument(page);
      await page.keyboard.press("Alt+2");
      await page.waitForSelector("[role=treegrid]");
    },
  },
  {
    name: "bundle",
    sampleOnly: true,
    go: async (page) => openBundle(page, "invitation"),
  },
  {
    name: "bundle-taken",
    sampleOnly: true,
    go: async (page) => {
      await openBundle(page, "changes");
      await page.click("[data-testid=bundle-confirm]");
      await page.waitForSelector("[data-testid=bundle-done]");
    },
  },
  {
    name: "preview",
    sampleOnly: true,
    go: async (page) => {
      await page.click("[data-testid=workspace-switch]");
      await page.click("[role=menuitem][data-action='sharing.join']");
      await page.fill("[data-testid=join-link]", "https://relay.example.org/join#1.abc");
      await page.click("[data-testid=join-inspect]");
      await page.waitForSelector("[data-testid=join-info]");
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

/** Chooses a bundle of this kind to be taken in. */
async function openBundle(page, kind) {
  const bundle = {
    kind,
    workspace: "ab".repeat(32),
    name: "Weirbrook plant",
    author: "Ilse Brandt",
    time: "2026-11-24T08:30:00Z",
    complete: true,
    entries: 214,
    newEntries: 31,
    records: 4,
    newRecords: 1,
    joins: false,
    role: kind === "invitation" ? "editor" : null,
    expires: kind === "invitation" ? "2026-12-01T08:30:00Z" : null,
    relay: null,
  };
  const choosing = page.waitForEvent("filechooser");
  await fromPalette(page, "Import a bundle");
  const buffer = Buffer.from(JSON.stringify(bundle));
  await (await choosing).setFiles({ name: "plant.drystone", mimeType: "application/octet-stream", buffer });
  await page.waitForSelector("[data-testid=bundle-info]");
}

/** Runs an action by its title. */
async function fromPalette(page, title) {
  await page.keyboard.press("Control+K");
  await page.waitForSelector("[data-testid=palette-input]:focus");
  await page.keyboard.type(title);
  await page.keyboard.press("Enter");
}

/** Opens a page of the first document, by the keys that work at every width. */
export async function openPage(page, name) {
  await openDocument(page);
  await page.keyboard.press(`Alt+${["write", "model", "flows", "decisions", "operations", "check"].indexOf(name) + 1}`);
  await page.waitForSelector("main h1");
}

async function openRecovery(page) {
  await openSharing(page);
  await page.click("[data-testid=recovery-open]");
  await page.waitForSelector("[data-testid=recovery-coverage]");
}

async function makeKit(page) {
  await openRecovery(page);
  await page.click("[data-testid=recovery-make]");
  await page.waitForSelector("[data-testid=recovery-words]");
}

async function openMembers(page) {
  await openSharing(page);
  await page.locator("[data-testid=member-menu]").nth(1).waitFor();
  await page.locator("#members-heading").evaluate((heading) => heading.scrollIntoView());
  // A menu closes when what it belongs to moves.
  await page.waitForTimeout(200);
}

async function openSharing(page) {
  await page.click("[data-testid=sync-indicator]");
  await page.waitForSelector("[data-testid=sync-panel]");
}
