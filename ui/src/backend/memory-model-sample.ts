import { encodeReference } from "../lib/reference";
import type { MemoryDocument } from "./memory-document";
import type { Edit, Value } from "./generated/api";

type Fields = Record<string, Value>;

/** A name as an id: the same on every start, so that pictures can be compared. */
export function sampleId(name: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const character of name) hash = BigInt.asUintN(64, (hash ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

const id = sampleId;

function add(collection: string, name: string, fields: Fields): Edit {
  return { do: "add", collection, id: id(`${collection}/${name}`), fields, after: null };
}

const at = (collection: string, name: string) => id(`${collection}/${name}`);
const element = (name: string) => at("elements", name);

function elements(): Edit[] {
  const part = (name: string, kind: string, fields: Fields = {}) => add("elements", name, { name, kind, status: "live", ...fields });
  const inside = { parent: element("Harbour Control"), owner: "Team Quay" };
  return [
    part("Dispatcher", "person", { purpose: "Plans every movement, around the clock." }),
    part("Pilot", "person", { purpose: "Brings a ship in and out." }),
    part("Harbour Control", "system", { purpose: "Plans and records every movement of ships, pilots and tugs.", owner: "Team Quay", tags: ["core"] }),
    part("Desk", "web-client", { ...inside, purpose: "Shows all berths and movements of the next 48 hours.", technologies: ["TypeScript", "Svelte"], responsibilities: ["Planning and changing movements", "Warning when two movements need the same lock"], tags: ["ui"] }),
    part("Tablet", "mobile-app", { ...inside, purpose: "Shows a pilot the movement at hand, with or without a connection.", technologies: ["Kotlin"], tags: ["ui", "offline"], exposure: "partner" }),
    part("Movements", "service", {
      ...inside,
      purpose: "Decides what may move, and appends it to the log before anyone sees it.",
      technologies: ["Rust"],
      responsibilities: ["Checking locks, tides and pilots", "Appending events", "Pushing changes to desks and tablets"],
      scaling: "One process; the log is the limit.",
      redundancy: "single",
      tags: ["core"],
    }),
    part("Planner", "component", { parent: element("Movements"), purpose: "Finds a window for a movement.", technologies: ["Rust"], owner: "Team Quay" }),
    part("Tide calendar", "component", { parent: element("Movements"), purpose: "Knows the depth over every sill.", technologies: ["Rust"], owner: "Team Quay" }),
    part("Event log", "database", { ...inside, purpose: "Keeps every event for ever.", technologies: ["SQLite"], schemaManagement: "Events carry a version; old ones are read for ever.", retention: "Never removed.", data: [at("classes", "Movement data"), at("classes", "Crew data")], boundary: at("boundaries", "Server room") }),
    part("Berth cache", "cache", { ...inside, technologies: ["In memory"], eviction: "Least recently used." }),
    part("Reporting", "service", { ...inside, purpose: "Weekly figures for the port authority.", status: "proposed", technologies: ["Python"], tags: ["batch"], owner: "Team Ledger" }),
    part("Tide service", "external", { purpose: "Measured and predicted water levels of the national office." }),
    part("Radar", "external", { purpose: "Positions of all ships within eight miles.", exposure: "internal" }),
    part("Berth book", "system", { purpose: "The paper book that was used before 2019.", status: "removed" }),
  ];
}

function relationships(): Edit[] {
  const call = (from: string, to: string, description: string, technology: string, fields: Fields = {}) =>
    add("relationships", `${from}-${to}-${description}`, { from: element(from), to: element(to), description, technology, ...fields });
  const inTime = { interaction: "synchronous", timeout: "2 s", protection: "encrypted" };
  return [
    call("Dispatcher", "Desk", "plans movements at", "", {}),
    call("Pilot", "Tablet", "reads the movement on", "", {}),
    call("Desk", "Movements", "plans and changes through", "HTTP, WebSocket", { ...inTime, retries: "once, then shown as waiting", data: ["Movements", "Berths"], classification: [at("classes", "Movement data")] }),
    call("Tablet", "Movements", "follows movements from", "HTTP over mobile network", { interaction: "synchronous", protection: "mutual", fallback: "Shows what it had, with its age.", classification: [at("classes", "Movement data")] }),
    call("Movements", "Event log", "appends events to", "SQL", { interaction: "synchronous", timeout: "500 ms" }),
    call("Movements", "Berth cache", "looks up berths in", "", { interaction: "synchronous" }),
    call("Movements", "Tide service", "reads water levels from", "HTTPS", { ...inTime, circuitBreaker: "open for a minute after three failures", fallback: "The predicted levels of the day before." }),
    call("Radar", "Movements", "sends positions to", "UDP", { interaction: "asynchronous", protection: "none" }),
    call("Reporting", "Event log", "reads the week from", "SQL", { interaction: "batch", status: "proposed" }),
    call("Planner", "Tide calendar", "asks for the depth", "", { interaction: "synchronous", timeout: "10 ms" }),
  ];
}

function flows(): Edit[] {
  const step = (flow: string, name: string, fields: Fields) => add("steps", `${flow}/${name}`, { flow: at("flows", flow), text: name, kind: "message", ...fields });
  const plan = "A movement is planned";
  const cut = "The line is cut";
  const call = (from: string, to: string) => ({ from: element(from), to: element(to) });
  return [
    add("flows", plan, { name: plan, description: "The usual way, some forty times an hour on the busiest day.", tags: ["core"] }),
    step(plan, "A dispatcher enters ship, berth and window", call("Dispatcher", "Desk")),
    step(plan, "The desk asks for the movement", { ...call("Desk", "Movements"), technology: "HTTP" }),
    step(plan, "Depending on the tide", { kind: "alternative" }),
    step(plan, "The sill is deep enough", { within: at("steps", `${plan}/Depending on the tide`), condition: "depth above draught + 1 m", ...call("Movements", "Event log") }),
    step(plan, "It is put off to the next high water", { within: at("steps", `${plan}/Depending on the tide`), condition: "otherwise", ...call("Movements", "Desk"), kind: "return" }),
    step(plan, "The pilot's tablet shows it", { ...call("Movements", "Tablet"), technology: "WebSocket" }),
    add("flows", cut, { name: cut, description: "Happens a few times each winter." }),
    step(cut, "Until the line is back", { kind: "loop", condition: "every 10 seconds" }),
    step(cut, "The tablet tries again", { within: at("steps", `${cut}/Until the line is back`), ...call("Tablet", "Movements") }),
    step(cut, "What was entered meanwhile is sent in order", call("Tablet", "Movements")),
  ];
}

function environments(): Edit[] {
  const node = (environment: string, name: string, technology: string, fields: Fields = {}) => add("nodes", `${environment}/${name}`, { environment: at("environments", environment), name, technology, kind: "node", ...fields });
  const runs = (place: string, name: string, count: number) => add("instances", `${place}/${name}`, { node: at("nodes", place), element: element(name), count });
  return [
    add("environments", "Production", { name: "Production", description: "In the server room under the control tower.", url: "https://harbour.example.org" }),
    node("Production", "Server room", "two racks, own power"),
    node("Production", "Main server", "Debian 13", { parent: at("nodes", "Production/Server room"), count: 1 }),
    node("Production", "Standby server", "Debian 13", { parent: at("nodes", "Production/Server room"), count: 1 }),
    node("Production", "Control room", "two screens each", { count: 4 }),
    runs("Production/Main server", "Movements", 1),
    runs("Production/Main server", "Event log", 1),
    runs("Production/Main server", "Berth cache", 1),
    runs("Production/Standby server", "Event log", 1),
    runs("Production/Control room", "Desk", 4),
    add("environments", "Staging", { name: "Staging", description: "Recorded movements of last winter, played back." }),
    node("Staging", "Cloud machine", "Debian 13, 2 CPUs", { count: 1 }),
    runs("Staging/Cloud machine", "Movements", 1),
    runs("Staging/Cloud machine", "Event log", 1),
    runs("Staging/Cloud machine", "Desk", 1),
  ];
}

function concerns(): Edit[] {
  const concern = (topic: string, name: string, statement: string, on: string[], fields: Fields = {}) => add("concerns", name, { topic, name, statement, elements: on.map(element).sort(), ...fields });
  return [
    concern("authentication", "Smart cards", "Dispatchers sign in with a smart card; the desk locks when it is pulled.", ["Desk"]),
    concern("authentication", "Device certificates", "Tablets have a certificate that is renewed every night.", ["Tablet"]),
    concern("authorization", "Two roles", "Dispatchers change, pilots read. The check is in one place.", ["Movements"]),
    concern("data-protection", "Crew lists", "Names of crew members are removed after the legal term.", ["Event log"], { severity: "high" }),
    concern("bottleneck", "One writer", "The log takes one writer: 2,000 movements an hour.", ["Movements", "Event log"], { mitigation: "Split by basin when it comes near; nothing else would have to change.", severity: "low" }),
    concern("fallback", "Work without the line", "Desks in the control room reach the server over the house network.", ["Desk", "Movements"]),
    concern("metrics", "Age of the newest position", "How old the newest radar position is; normal are two seconds.", ["Movements", "Radar"]),
    concern("alerting", "Positions stopped", "Wakes the one on duty.", ["Radar"], { condition: "no position for 30 s", channel: "pager", severity: "high" }),
    add("risks", "One server room", { title: "One server room", description: "A fire takes both servers.", likelihood: "low", impact: "high", mitigation: "A copy of the log leaves the house every hour.", owner: "Mara Lindqvist", status: "open", elements: [element("Event log")] }),
    add("risks", "Kotlin know-how", { title: "One person knows the tablet", likelihood: "medium", impact: "medium", status: "open", elements: [element("Tablet")] }),
    add("scenarios", "Cut line", { name: "Planning goes on without the line", quality: "Availability", stimulus: "The line to the data centre is cut", environment: "at night, in winter", response: "Dispatchers notice nothing but a sign.", measure: "0 movements delayed", priority: "high", elements: [element("Desk"), element("Movements")].sort() }),
    add("considerations", "Tugs", { title: "Tug operators see their jobs themselves", description: "Needs accounts for people outside of the port.", horizon: "next", elements: [element("Tablet")] }),
    add("considerations", "Second basin", { title: "A second log for the new basin", horizon: "maybe" }),
    add("terms", "Movement", { name: "Movement", definition: "A ship going from one berth to another, or in or out.", synonyms: ["shift"] }),
    add("terms", "Sill", { name: "Sill", definition: "The bottom of a lock's gate; it decides the greatest draught.", synonyms: [] }),
    add("boundaries", "Server room", { name: "Server room", kind: "trust", description: "Locked; five people have a key." }),
    add("boundaries", "Port network", { name: "Port network", kind: "network", description: "No route to the outside except through the gateway." }),
    add("classes", "Movement data", { name: "Movement data", level: "internal", description: "Ships, berths, windows." }),
    add("classes", "Crew data", { name: "Crew data", level: "confidential", description: "Names and papers of crew members." }),
  ];
}

function decisions(): Edit[] {
  const decision = (name: string, fields: Fields) => add("decisions", name, { title: name, ...fields });
  const alternative = (of: string, name: string, fields: Fields) => add("alternatives", `${of}/${name}`, { decision: at("decisions", of), name, ...fields });
  const log = "Append-only log instead of a relational schema";
  const tablet = "Tablets carry their own copy";
  return [
    decision("Tables for berths and movements", { status: "superseded", date: "2023-02-14", context: "The first version had to be ready before the season.", decision: "A relational schema, changed in place." }),
    decision(log, {
      status: "accepted",
      date: "2024-09-03",
      deciders: ["Mara Lindqvist", "Tomás Ferreira"],
      context: "Auditors ask what was known at a given moment. The tables could not tell.",
      drivers: ["Every figure must be explicable a year later", "Two people maintain it"],
      decision: "Events first; tables are derived from them and can be thrown away.",
      rationale: "The question “what did we know then” becomes reading the log up to then.",
      tradeOffs: ["Corrections are events too, and need explaining", "Reports need a table that is built first"],
      consequences: "Events never change their meaning; new ones get a new version.",
      elements: [element("Event log"), element("Movements")].sort(),
      supersedes: [at("decisions", "Tables for berths and movements")],
      tags: ["data"],
    }),
    alternative(log, "Append-only log", { outcome: "chosen", description: "One table of events.", pros: ["Nothing is ever lost", "Simple to copy"], cons: ["Needs derived tables"] }),
    alternative(log, "Temporal tables", { outcome: "rejected", description: "The database keeps the old rows.", pros: ["Plain SQL for reports"], neutral: ["Needs a larger database"], cons: ["Says what changed, not why"], whyNot: "The reason of a change has no place to stand." }),
    alternative(log, "Nightly copies", { outcome: "rejected", pros: ["No work at all"], cons: ["Blind between two nights", "Grows fast"], whyNot: "Most questions are about minutes." }),
    decision(tablet, { status: "accepted", date: "2025-01-20", deciders: ["Mara Lindqvist"], context: "There is no network behind the breakwater.", decision: "Each tablet keeps all movements of its pilot.", tradeOffs: ["Shows old things, and must say so"] }),
    alternative(tablet, "Read from the server only", { outcome: "rejected", pros: ["Always current"], cons: ["Blank at sea"] }),
    decision("Send radar positions encrypted", { status: "proposed", date: "2025-11-02", context: "Positions cross the port network in the clear.", elements: [element("Radar")] }),
    add("evidence", "log size", { about: element("Event log"), claim: "The log grew by 2.1 GB in 2024.", basis: "observed", by: "Tomás Ferreira", date: "2025-01-08", attachments: ["disk-usage.png"] }),
    add("evidence", "tide", { about: element("Tide service"), claim: "Answers within 300 ms.", basis: "told", by: "The office's help desk", date: "2024-05-30" }),
    add("suppressions", "book", { rule: "element-owner", place: "elements.berth-book.owner", reason: "It is a book on a shelf.", by: "Mara Lindqvist", date: "2025-03-01" }),
  ];
}

/** Fills a document with a model, and lets its text mention it. */
export function fillModel(document: MemoryDocument): void {
  document.model.apply([...elements(), ...relationships(), ...environments(), ...flows(), ...concerns(), ...decisions()], true);
  const mention = (name: string) => encodeReference({ id: element(name), field: "name", hint: "" });
  const replace = (title: string, change: (text: string) => string) => {
    const section = document.views().find((view) => view.title === title);
    if (section) document.replaceText(section.id, change(section.text));
  };
  replace("Data Flow", (text) => text.replace("**Desk**", mention("Desk")).replace("**Movements**", mention("Movements")).replace("**Tablet**", mention("Tablet")));
  replace("Scalability Considerations", (text) => text.replace("One machine", `${mention("Movements")} is one process; one machine`));
  document.model.conflict(element("Tablet"), "owner", "Team Breakwater");
}

const KINDS = ["service", "component", "database", "queue", "web-client", "gateway"];

/** Many elements, to see that lists stay usable. */
export function fillLarge(document: MemoryDocument, count: number): void {
  const name = (index: number) => `Part ${String(index).padStart(5, "0")}`;
  const edits = Array.from({ length: count }, (_, index): Edit => {
    const group = Math.floor(index / 50) * 50;
    return add("elements", name(index), {
      name: name(index),
      kind: index === group ? "system" : KINDS[index % KINDS.length]!,
      ...(index === group ? {} : { parent: element(name(group)) }),
      purpose: `Does part ${index} of the work.`,
      owner: `Team ${index % 17}`,
    });
  });
  document.model.apply(edits, true);
}
