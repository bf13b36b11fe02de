import { collab, receiveUpdates, sendableUpdates } from "@codemirror/collab";
import { history } from "@codemirror/commands";
import { Compartment, EditorState, Text, type ChangeSet, type Extension, type Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { Edited, SectionUpdate, SectionUpdatesReply, Splice, TextSelection } from "../backend/generated/api";
import { difference, differenceSize } from "./difference";
import { asString, composeAll, LINE_SEPARATOR, toChanges, toSplices } from "./splices";

/** Keystrokes are collected for this long before they are sent, in milliseconds. */
export const BATCH_MS = 50;
/** While others look on, the first keystroke after a rest is sent after this long: what one key does stays together. */
const FIRST_MS = 8;
/** Remote updates kept back while an input method composes; beyond that they are fetched again afterwards. */
export const MAX_HELD_UPDATES = 200;
/** Versions that positions of earlier versions can be brought up from. */
const KEPT_STEPS = 50;
/** Waits before a failed request is repeated, in milliseconds; the last one is used from then on. */
const RETRY_MS = [500, 1_000, 2_000, 5_000, 15_000];

/** What a failed request means: it may have been carried out, it certainly was not, or the section is gone. */
export type Failure = "unknown" | "refused" | "gone";

/** The way to the core for one section. */
export interface SectionTransport {
  edit(version: number, splices: Splice[]): Promise<Edited>;
  updates(since: number): Promise<SectionUpdatesReply>;
}

/** What the owner of a section's text wants to know. */
export interface SectionListener {
  /** The text changed, here or elsewhere. */
  textChanged(text: string): void;
  /** Whether something waits to be saved, or what keeps it from being saved. */
  savingChanged(dirty: boolean, problem: unknown): void;
  /** Called around a change that came from elsewhere, to keep the page in place. */
  aroundRemote(change: () => void): void;
  failure(problem: unknown): Failure;
  /** Whether others look on. */
  inCompany?(): boolean;
  /** The caret moved, or what it stands in. */
  selectionMoved?(): void;
}

/** A request on its way, or one whose outcome is unknown since its reply was lost. */
interface Sent {
  /** How many of the unconfirmed updates it carries. */
  count: number;
  /** True while waiting for the reply. */
  waiting: boolean;
}

/**
 * One section's text between an editor and the core, which decides on the
 * order of edits. Local edits go out in batches, one request at a time;
 * refused ones are rebased over what came in between and sent again.
 */
export class SectionSync {
  /** Whether an input method composes; replaced in tests, which have none. */
  composing = (): boolean => this.view?.compositionStarted ?? false;

  private detached: EditorState;
  private view: EditorView | null = null;
  private readonly viewExtensions = new Compartment();
  /** The core's text at `version`, without unconfirmed local edits. */
  private confirmed: Text;
  private sent: Sent | null = null;
  private held: SectionUpdate[] = [];
  /** What led to the latest versions, the last one to `version`. */
  private steps: ChangeSet[] = [];
  /** What was done to the confirmed text and has no version yet. */
  private pending: ChangeSet | null = null;
  /** The latest version heard of. */
  private latest: number;
  private catching = false;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** When the last request was made. */
  private asked = -Infinity;
  private failures = 0;
  private stopped = false;
  private idle: (() => void)[] = [];

  constructor(
    readonly client: string,
    text: string,
    private version: number,
    private readonly transport: SectionTransport,
    private readonly listener: SectionListener,
  ) {
    this.latest = version;
    this.detached = EditorState.create({
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(LINE_SEPARATOR),
        history(),
        collab({ clientID: client }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) this.changed();
          if (update.docChanged || update.selectionSet || update.focusChanged) this.listener.selectionMoved?.();
        }),
        this.viewExtensions.of([]),
      ],
    });
    this.confirmed = this.detached.doc;
  }

  /** The editor state, with its undo history. */
  get state(): EditorState {
    return this.view?.state ?? this.detached;
  }

  get text(): string {
    return asString(this.state.doc);
  }

  /** The version of the core that was taken in last. */
  get takenVersion(): number {
    return this.version;
  }

  /** Whether there are edits that the core has not confirmed. */
  get dirty(): boolean {
    return sendableUpdates(this.state).length > 0;
  }

  /** Where the caret is on the screen, while it is in the editor. */
  caretTop(): number | null {
    if (!this.view?.hasFocus) return null;
    return this.view.coordsAtPos(this.view.state.selection.main.head)?.top ?? null;
  }

  /** The selection as it is in the core's text, while the caret is in the editor. */
  selection(): TextSelection | null {
    if (!this.view?.hasFocus) return null;
    const { anchor, head } = this.view.state.selection.main;
    const unconfirmed = sendableUpdates(this.view.state).map((update) => update.changes);
    const back = unconfirmed.length === 0 ? null : composeAll(unconfirmed).invertedDesc;
    // After what was deleted: the letter that follows is what the place is named by.
    const at = (position: number) => (back ? back.mapPos(position, 1) : position);
    return { version: this.version, anchor: at(anchor), head: at(head) };
  }

  /** Where a selection in the core's text is in this one; null while its version is not here, or no longer. */
  place(selection: TextSelection): { anchor: number; head: number } | null {
    const missing = this.version - selection.version;
    if (missing < 0 || missing > this.steps.length) return null;
    const since = [...this.steps.slice(this.steps.length - missing), ...sendableUpdates(this.state).map((update) => update.changes)];
    const at = (position: number) =>
      since.reduce((place, changes) => changes.mapPos(Math.min(place, changes.length), -1), Math.min(position, since[0]?.length ?? this.state.doc.length));
    return { anchor: at(selection.anchor), head: at(selection.head) };
  }

  /** Shows the text in an editor. */
  mount(parent: HTMLElement, extensions: Extension): EditorView {
    this.unmount();
    const state = this.detached.update({ effects: this.viewExtensions.reconfigure(extensions) }).state;
    const view = new EditorView({ state, parent });
    view.contentDOM.addEventListener("compositionend", () => setTimeout(() => this.releaseHeld(), 0));
    this.view = view;
    return view;
  }

  /** Takes the editor away and keeps its state. */
  unmount(): void {
    if (!this.view) return;
    this.detached = this.view.state;
    this.view.destroy();
    this.view = null;
    this.releaseHeld();
  }

  /** Applies a transaction, with or without an editor. */
  dispatch(transaction: Transaction): void {
    if (this.view) {
      this.view.dispatch(transaction);
      return;
    }
    this.detached = transaction.state;
    if (transaction.docChanged) this.changed();
  }

  /** Takes in an update announced by an event, whether it comes before or after a reply. */
  receive(update: SectionUpdate): void {
    this.latest = Math.max(this.latest, update.version);
    if (update.version <= this.version || this.stopped) return;
    const own = this.isOwn(update);
    if (this.held.length > 0 || (this.composing() && !own)) {
      this.hold(update);
    } else if (update.version > this.version + 1) {
      void this.catchUp();
    } else {
      this.take(update);
      this.schedule(0);
    }
  }

  /** Takes in the whole text, when updates up to it are not at hand. */
  reset(text: string, version: number): void {
    this.held = [];
    let base = asString(this.confirmed);
    let splices = difference(base, text);
    if (this.sent) {
      // Whether the request got through is unknown: whichever text lies nearer tells.
      const withSent = asString(this.sentChanges().apply(this.confirmed));
      const fromSent = difference(withSent, text);
      if (differenceSize(fromSent) < differenceSize(splices)) {
        this.confirm();
        base = withSent;
        splices = fromSent;
      }
      this.sent = null;
    }
    if (splices.length > 0) this.applyRemote(splices, base.length);
    this.steps = [];
    this.reach(version);
    this.latest = Math.max(version, 0);
    this.schedule(0);
  }

  /** Starts anew with the versions of another process of the core. */
  restart(text: string, version: number): void {
    this.latest = version;
    this.reset(text, version);
  }

  /** Sends what waits at once; resolves when everything is confirmed or sending failed. */
  flush(): Promise<void> {
    if (!this.dirty || this.stopped) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.idle.push(resolve));
    this.schedule(0);
    return done;
  }

  /** Fetches what was missed. */
  async catchUp(): Promise<void> {
    if (this.catching || this.stopped) return;
    if (this.composing()) {
      this.schedule(BATCH_MS);
      return;
    }
    this.catching = true;
    try {
      const since = this.version;
      const reply = await this.transport.updates(since);
      this.latest = Math.max(this.latest, reply.version);
      if (reply.text !== null && reply.version >= this.version) this.reset(reply.text, reply.version);
      else for (const update of reply.updates) this.takeNext(update);
      this.failures = 0;
    } catch (problem) {
      this.failed(problem);
      return;
    } finally {
      this.catching = false;
    }
    if (this.sent && !this.sent.waiting) this.sent = null;
    this.schedule(this.version < this.latest ? BATCH_MS : 0);
  }

  /** Ends all sending; unconfirmed edits stay in the state. */
  close(): void {
    this.unmount();
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    this.settle();
  }

  private isOwn(update: SectionUpdate): boolean {
    return this.sent !== null && update.client === this.client;
  }

  private hold(update: SectionUpdate): void {
    if (this.held.length < MAX_HELD_UPDATES) this.held.push(update);
    this.schedule(BATCH_MS);
  }

  private releaseHeld(): void {
    if (this.composing() || this.held.length === 0) return;
    const updates = this.held;
    this.held = [];
    for (const update of updates) this.takeNext(update);
    this.schedule(0);
  }

  private takeNext(update: SectionUpdate): void {
    if (update.version === this.version + 1) this.take(update);
  }

  private take(update: SectionUpdate): void {
    if (this.isOwn(update)) {
      this.confirm();
    } else if (!this.applyRemote(update.splices, this.confirmed.length)) {
      void this.catchUp();
      return;
    }
    this.reach(update.version);
  }

  /** The confirmed text is the core's at this version now. */
  private reach(version: number): void {
    if (this.pending && version === this.version + 1) this.steps = [...this.steps.slice(1 - KEPT_STEPS), this.pending];
    else this.steps = [];
    this.pending = null;
    this.version = version;
  }

  /** Marks the updates of the current request as confirmed. */
  private confirm(): void {
    if (!this.sent) return;
    const own = sendableUpdates(this.state).slice(0, this.sent.count);
    this.sent = null;
    if (own.length === 0) return;
    this.pending = composeAll(own.map((update) => update.changes));
    this.confirmed = this.pending.apply(this.confirmed);
    this.dispatch(receiveUpdates(this.state, own.map(({ changes }) => ({ changes, clientID: this.client }))));
    this.announce(null);
  }

  /** Applies splices that came from elsewhere; false when they do not fit the text. */
  private applyRemote(splices: readonly Splice[], length: number): boolean {
    let changes;
    try {
      changes = toChanges(splices, length);
    } catch {
      return false;
    }
    this.pending = changes;
    this.confirmed = changes.apply(this.confirmed);
    this.listener.aroundRemote(() => {
      this.dispatch(receiveUpdates(this.state, [{ changes, clientID: "" }]));
    });
    return true;
  }

  private sentChanges() {
    const count = this.sent?.count ?? 0;
    return composeAll(sendableUpdates(this.state).slice(0, count).map((update) => update.changes));
  }

  private changed(): void {
    this.listener.textChanged(this.text);
    if (this.dirty) {
      this.announce(null);
      this.schedule(this.pause());
    }
  }

  /** How long to wait before the next request. */
  private pause(): number {
    if (!this.listener.inCompany?.()) return BATCH_MS;
    return Math.max(FIRST_MS, this.asked + BATCH_MS - performance.now());
  }

  private schedule(delay: number): void {
    if (this.stopped) return;
    if (this.timer) {
      if (delay > 0) return;
      clearTimeout(this.timer);
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.step();
    }, delay);
  }

  /** Does what is due: takes in what was held back, catches up, or sends. */
  private async step(): Promise<void> {
    this.releaseHeld();
    if (this.held.length > 0) return this.schedule(BATCH_MS);
    if (this.version < this.latest && !this.sent?.waiting) return this.catchUp();
    if (this.dirty) return this.send();
    this.settle();
  }

  private async send(): Promise<void> {
    if (this.sent?.waiting || this.catching) return;
    const unconfirmed = sendableUpdates(this.state);
    // After a lost reply the same batch goes again, so that its confirmation stays recognisable.
    const count = Math.min(this.sent?.count ?? unconfirmed.length, unconfirmed.length);
    const splices = toSplices(composeAll(unconfirmed.slice(0, count).map((update) => update.changes)));
    const sent: Sent = { count, waiting: true };
    this.sent = sent;
    if (splices.length === 0) {
      this.confirm();
      return this.schedule(0);
    }
    const version = this.version;
    this.asked = performance.now();
    let again: boolean;
    try {
      const reply = await this.transport.edit(version, splices);
      sent.waiting = false;
      this.failures = 0;
      this.latest = Math.max(this.latest, reply.version);
      again = !reply.accepted;
      if (reply.accepted) this.accepted(sent, reply.version);
      else await this.refused(version);
    } catch (problem) {
      sent.waiting = false;
      this.failed(problem);
      return;
    }
    // What was refused had waited already.
    this.schedule(this.dirty && !again ? this.pause() : 0);
  }

  private accepted(sent: Sent, version: number): void {
    // An event may have confirmed it already.
    if (this.sent !== sent || version <= this.version) return;
    this.confirm();
    this.reach(version);
  }

  private async refused(version: number): Promise<void> {
    if (this.version === version) return this.catchUp();
    // Events brought the missing updates while the reply was on its way.
    this.sent = null;
  }

  private failed(problem: unknown): void {
    this.announce(problem);
    const failure = this.listener.failure(problem);
    if (failure === "gone") {
      this.stopped = true;
      return this.release();
    }
    // The next attempt takes everything that waits, also what makes it acceptable.
    if (failure === "refused") this.sent = null;
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? BATCH_MS;
    this.failures++;
    this.release();
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.step();
    }, wait);
  }

  private announce(problem: unknown): void {
    this.listener.savingChanged(this.dirty, problem);
  }

  private settle(): void {
    this.announce(null);
    this.release();
  }

  /** Ends the waiting of whoever flushed. */
  private release(): void {
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
