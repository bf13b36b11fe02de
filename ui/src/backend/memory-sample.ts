import { fillAttachments } from "./memory-attachments";
import { samplePeople } from "./memory-presence";
import { memoryDevice, type MemoryWorkspace } from "./memory-sharing";
import { MemoryBackend } from "./memory";
import { toBase64 } from "../lib/base64";
import { fillLarge, fillModel } from "./memory-model-sample";

/** How many elements the large sample has. */
const LARGE = 10_000;

const harbour = `# Harbour Control

## Overview

Harbour Control plans and records every movement of ships, pilots and tugs in a mid-sized port. Dispatchers work on it around the clock; **it keeps working when the line to the data centre is cut**, which happens a few times each winter.

The system is used by:

| who | from where | how often |
|---|---|---|
| dispatchers | control room, two screens each | all day |
| pilots | a tablet on board | per movement |
| port authority | office, read only | weekly reports |

See [the operating handbook](https://example.org/handbook) for procedures.

## Architecture Diagram

\`\`\`mermaid
graph LR
  dispatcher([Dispatcher]) --> desk[Desk]
  pilot([Pilot]) --> tablet[Tablet]
  desk --> movements[Movements]
  tablet --> movements
  movements --> log[(Event log)]
\`\`\`

## Components

Three programs and one log. Nothing else keeps state.

### Desk

- **Purpose**: shows all berths and movements of the next 48 hours.
- **Responsibilities**:
    - planning and changing movements
    - warning when two movements need the same lock
- **Interfaces**: \`movements/v2\` over HTTP; pushes by WebSocket.

### Movements

The heart of the system. Every change is an event, appended to the log before anyone sees it:

\`\`\`rust
pub struct Movement {
    pub ship: ShipId,
    pub from: Berth,
    pub to: Berth,
    pub window: TimeWindow,
}
\`\`\`

> A movement is never deleted. It is called off, and stays in the record.

### Tablet

- **Purpose**: [What it is for]
- **Interfaces**: [What goes in and out]

## Data Flow

1. A dispatcher plans a movement at the **Desk**.
2. **Movements** checks locks, tides and pilots, and appends the event.
3. The pilot's **Tablet** shows it, with or without a connection.

- [x] agreed with the pilots
- [ ] agreed with the tug operator

## Security Architecture

### Authentication

Dispatchers sign in with a smart card; tablets with a device certificate that is renewed every night.

### Authorization

## Scalability Considerations

Forty movements an hour on the busiest day so far. One machine carries two thousand.

## Technology Decisions

### Append-only log instead of a relational schema

- **Context**: auditors ask what was known at a given moment.
- **Decision**: events first, tables derived from them.
- **Trade-offs**: corrections are events too, and need explaining.
`;

const ferry = `# Ferry ticketing

## Overview

Sells and checks tickets on eleven islands, four of them without a fixed line.

## Components

### Turnstile

Reads a code, opens, and reports later.
`;

function importSample(backend: MemoryBackend, name: string, source: string, template: string) {
  return backend.call("document.import", { name, content: toBase64(new TextEncoder().encode(source)), template, templateFile: null, workspace: null, format: null, lift: false, into: null });
}

/** A backend with something to look at. */
export async function sampleBackend(): Promise<MemoryBackend> {
  const backend = new MemoryBackend();
  await importSample(backend, "ferry.md", ferry, "compact");
  const { id } = await importSample(backend, "harbour.md", harbour, "full");
  fillModel(backend.find(id));
  fillAttachments(backend, backend.find(id));
  await backend.call("document.create", { title: "Tide gauge network", template: "compact", templateFile: null, workspace: null });
  const age = [3 * 86_400_000, 4 * 60_000, 26 * 3_600_000];
  backend.documents.forEach((document, index) => {
    document.updated = new Date(Date.now() - (age[index] ?? 0)).toISOString();
  });
  const workspace = backend.workspaces[0];
  if (workspace) {
    const members = [
      { name: "Mara Lindqvist", role: "admin" as const, devices: ["Mara's laptop", "Phone"] },
      { name: "Tomás Ferreira", role: "editor" as const, devices: [""] },
    ];
    for (const [index, { name, role, devices }] of members.entries()) {
      const id = `${index}`.repeat(64);
      workspace.members.push({ id, name, role, you: false });
      for (const [nth, device] of devices.entries()) {
        const lastSeen = nth === 0 ? new Date(Date.now() - (index * 40 + 3) * 3_600_000).toISOString() : null;
        workspace.devices.push(memoryDevice(id, name, device, { lastSeen }));
      }
    }
    const visitors = [...workspace.members.filter((member) => !member.you), { id: "6".repeat(64), name: "Ruth Okafor" }, { id: "5".repeat(64), name: "Jun Ito" }];
    backend.presence.put(id, samplePeople(backend.find(id), visitors));
  }
  return backend;
}

/** A workspace in which something was invited to and something was set aside. */
function showSharing(workspace: MemoryWorkspace): void {
  const you = workspace.members[0];
  const time = new Date(Date.now() - 50 * 60_000).toISOString();
  const soon = new Date(Date.now() + 30 * 3_600_000).toISOString();
  workspace.devices.splice(1, 0, memoryDevice(you?.id ?? "", you?.name ?? "", "Office computer", { yours: true, lastSeen: time }));
  workspace.invitations.push({ id: "7".repeat(64), role: "reader", expires: soon, expired: false, madeBy: "Mara Lindqvist", yours: false, invitation: null });
  const reason = "Set aside: its author had been removed before.";
  workspace.refused.push({ position: 1412, author: "Ruth Okafor", device: "5".repeat(64), reason, time, noted: false });
  const message = "One entry was set aside and not applied: not from a member who may write, damaged, or not safe to apply.";
  const problem = { code: "integrity" as const, message, place: null, advice: "Everything else was applied. The sharing panel says why and from whom." };
  workspace.sync = { ...workspace.sync, relay: "https://relay.example.org", phase: "attention", lastContact: time, lastStored: time, quarantined: 1, problem };
}

/**
 * The backend of the development server. The address may ask for a state to
 * look at: `?sample=empty`, `?sample=locked`, or `?sample=large`.
 */
export async function developmentBackend(): Promise<MemoryBackend> {
  const wanted = new URLSearchParams(location.search).get("sample");
  const backend = wanted === "empty" ? new MemoryBackend() : await sampleBackend();
  if (wanted === "large") {
    const { id } = await backend.call("document.create", { title: "Ten thousand parts", template: "compact", templateFile: null, workspace: null });
    fillLarge(backend.find(id), LARGE);
  }
  const shared = backend.workspaces[0];
  if (wanted === "shared" && shared) showSharing(shared);
  if (wanted === "reader" && shared) Object.assign(shared, { role: "reader", sync: { ...shared.sync, relay: "https://relay.example.org", phase: "idle" } });
  if (wanted === "locked") {
    const problem = { code: "keychain" as const, message: "No keychain answered on this computer.", place: null, advice: "Choose another way." };
    backend.lockState = { state: "locked", configured: null, problem };
  }
  if (wanted === "passphrase") backend.lockState = { state: "locked", configured: "passphrase", problem: null };
  // For trying out edits from elsewhere in the browser's console.
  Object.assign(window, { drystoneMemory: backend });
  return backend;
}
