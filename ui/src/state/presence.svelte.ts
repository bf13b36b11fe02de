import type { Backend } from "../backend/backend";
import type { Event, PresentPerson, TextSelection } from "../backend/generated/api";
import { tones } from "../lib/person-mark";
import { randomHex } from "../lib/random";

/** Where this page is, is said again this often, in milliseconds; without a word for 30 seconds it counts as gone. */
const HEARTBEAT_MS = 10_000;
/** Moves of the caret are said this often at most while others are here, in milliseconds … */
const PAUSE_MS = 100;
/** … and while nobody is. */
const CALM_PAUSE_MS = 1_000;

/** Where this page is in the document. */
export interface Whereabouts {
  section: string | null;
  selection: TextSelection | null;
}

/** Somebody else in the document, with the colour they have here. */
export interface Person extends PresentPerson {
  tone: number;
}

/** Who else is in a document, and telling them where this page is. */
export class DocumentPresence {
  /** Everybody else. */
  people = $state.raw<Person[]>([]);
  /** Whether others see where this device is. */
  shown = $state(true);
  /** The person who was last gone to; their name is shown for a moment. */
  pointed = $state.raw<{ id: string; at: number } | null>(null);

  private readonly client = randomHex(8);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private heartbeat: ReturnType<typeof setInterval> | null = null;
  private spoke = 0;
  private open = false;
  private readonly seen = () => void (globalThis.document?.visibilityState === "hidden" ? this.leave() : this.say());

  constructor(
    private readonly backend: Backend,
    private readonly document: string,
    private readonly here: () => Whereabouts,
  ) {}

  /** The people at each section. */
  readonly bySection: ReadonlyMap<string, Person[]> = $derived.by(() => {
    const map = new Map<string, Person[]>();
    for (const person of this.people) {
      if (person.section === null) continue;
      const list = map.get(person.section);
      if (list) list.push(person);
      else map.set(person.section, [person]);
    }
    return map;
  });

  /** Comes in. */
  async start(): Promise<void> {
    this.open = true;
    globalThis.document?.addEventListener("visibilitychange", this.seen);
    this.heartbeat = setInterval(() => this.moved(), HEARTBEAT_MS);
    this.seen();
    await this.load();
  }

  receive(event: Event): void {
    if (event.type === "presenceChanged" && event.document === this.document) this.take(event.people);
    if (event.type === "lagged" && this.open) {
      this.moved();
      // The next word of anybody else brings them back.
      this.load().catch(() => {});
    }
  }

  /** To be called when this page may have moved in the document. */
  moved(): void {
    if (!this.open || this.timer) return;
    const pause = this.people.length > 0 ? PAUSE_MS : CALM_PAUSE_MS;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.seen();
      },
      Math.max(0, this.spoke + pause - Date.now()),
    );
  }

  /** Shows others where this device is, or does not. */
  async show(shown: boolean): Promise<void> {
    this.shown = (await this.backend.call("presence.show", { shown })).shown;
  }

  point(person: Person): void {
    this.pointed = { id: person.id, at: Date.now() };
  }

  /** Leaves; resolves when that is said. */
  async leave(): Promise<void> {
    await this.tell(null, { section: null, selection: null });
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    globalThis.document?.removeEventListener("visibilitychange", this.seen);
    if (this.heartbeat) clearInterval(this.heartbeat);
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    void this.leave();
  }

  private async load(): Promise<void> {
    const { shown, people } = await this.backend.call("presence.list", { document: this.document });
    this.shown = shown;
    this.take(people);
  }

  private take(people: PresentPerson[]): void {
    const given = tones(people.map((person) => person.member));
    this.people = people.map((person) => ({ ...person, tone: given.get(person.member) ?? 0 }));
  }

  private async say(): Promise<void> {
    if (!this.open) return;
    await this.tell(this.document, this.here());
  }

  private async tell(document: string | null, { section, selection }: Whereabouts): Promise<void> {
    this.spoke = Date.now();
    try {
      await this.backend.call("presence.set", { client: this.client, document, section, selection });
    } catch {
      // Not worth a word to anybody: it is said again within seconds.
    }
  }
}
