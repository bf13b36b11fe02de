import type { Commands, Event, PresentPerson } from "./generated/api";
import type { MemoryDocument } from "./memory-document";

/** Who else is in documents, as far as a core without a network knows. */
export class MemoryPresence {
  /** Whether others would see this page. */
  shown = true;
  /** Where the pages of this device said they are, by page. */
  readonly pages = new Map<string, Commands["presence.set"]["args"]>();
  private readonly people = new Map<string, PresentPerson[]>();

  constructor(private readonly emit: (event: Event) => void) {}

  /** Somebody comes, moves or leaves. */
  put(document: string, people: PresentPerson[]): void {
    this.people.set(document, people);
    this.emit({ type: "presenceChanged", document, people });
  }

  of(document: string): PresentPerson[] {
    return this.people.get(document) ?? [];
  }

  readonly handlers = {
    "presence.set": (args: Commands["presence.set"]["args"]) => {
      if (args.document === null) this.pages.delete(args.client);
      else this.pages.set(args.client, args);
      return {};
    },
    "presence.list": ({ document }: Commands["presence.list"]["args"]) => ({ shown: this.shown, people: this.of(document) }),
    "presence.show": ({ shown }: Commands["presence.show"]["args"]) => {
      this.shown = shown ?? this.shown;
      return { shown: this.shown };
    },
  };
}

/** Some of a workspace's members in a document, one of them with a selection. */
export function samplePeople(document: MemoryDocument, members: { id: string; name: string }[]): PresentPerson[] {
  const sections = document.views().filter((section) => section.text.trim().length > 60);
  const [first, second, third] = sections;
  const someone = (index: number, section: string | null, more: Partial<PresentPerson> = {}): PresentPerson => ({
    id: `sample${index}`,
    member: members[index]?.id ?? "",
    name: members[index]?.name ?? "",
    device: "",
    you: false,
    section,
    selection: null,
    ...more,
  });
  const at = first ? first.text.indexOf(" ", 24) + 1 : 0;
  const word = first ? (first.text.slice(at).search(/[\s,.]/) + 1 || 6) : 0;
  return [
    someone(0, first?.id ?? null, { selection: { version: first?.version ?? 0, anchor: at, head: at + word } }),
    someone(1, third?.id ?? null),
    someone(2, second?.id ?? null),
    someone(3, second?.id ?? null),
  ];
}
