import { toProblem, type Backend } from "../backend/backend";
import type { AttachmentView, Event } from "../backend/generated/api";
import { fromBase64, toBase64 } from "../lib/base64";

/** Bytes of a file that are sent at once. */
const PIECE_BYTES = 1 << 20;
/** News about files are gathered for this long, in milliseconds. */
const LOAD_MS = 250;

/** What files are attached to: a record or a section. */
export interface AttachmentTarget {
  about: string | null;
  section: string | null;
}

/** A file that is being added. */
export interface Upload {
  id: number;
  target: AttachmentTarget;
  name: string;
  /** From 0 to 1. */
  done: number;
}

const NONE: readonly never[] = [];
const keyOf = (target: AttachmentTarget) => target.about ?? target.section ?? "";

/** The attachments of the open document, kept current by events. */
export class DocumentAttachments {
  list = $state.raw<readonly AttachmentView[]>([]);
  uploads = $state.raw<readonly Upload[]>([]);
  /** Whether photos that are added keep where they were taken. */
  keepPosition = $state(false);
  private readonly pictures = new Map<string, Promise<string | null>>();
  private readonly cancelled = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private next = 1;
  private closed = false;

  constructor(
    private readonly backend: Backend,
    private readonly document: string,
  ) {}

  private readonly byTarget = $derived.by(() => {
    const lists = new Map<string, AttachmentView[]>();
    for (const one of this.list) {
      const key = keyOf(one);
      const known = lists.get(key);
      if (known) known.push(one);
      else lists.set(key, [one]);
    }
    return lists;
  });

  on(target: AttachmentTarget): readonly AttachmentView[] {
    return this.byTarget.get(keyOf(target)) ?? NONE;
  }

  uploadsTo(target: AttachmentTarget): readonly Upload[] {
    return this.uploads.filter((upload) => keyOf(upload.target) === keyOf(target));
  }

  get(id: string): AttachmentView | null {
    return this.list.find((one) => one.id === id) ?? null;
  }

  async load(): Promise<void> {
    const list = await this.backend.call("attachment.list", { document: this.document, about: null, section: null });
    if (!this.closed) this.list = list;
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
  }

  receive(event: Event): void {
    const here = "document" in event && event.document === this.document;
    const attached = event.type === "modelChanged" && here && (event.records.length === 0 || event.records.some(({ collection }) => collection === "attachments" || this.list.length > 0));
    // What a section or record takes into the trash goes with it.
    const moved = event.type === "documentChanged" && here && this.list.length > 0;
    const went = (event.type === "attachmentProgress" || event.type === "syncChanged") && this.list.some((one) => one.state !== "here" || one.waits);
    if (attached || moved || went || event.type === "lagged") this.loadSoon();
  }

  private loadSoon(): void {
    if (this.timer || this.closed) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      // The next news tries again; what is shown is what was known last.
      this.load().catch(() => {});
    }, LOAD_MS);
  }

  /** A small picture's address, or null when there is none. */
  picture(id: string): Promise<string | null> {
    const known = this.pictures.get(id);
    if (known) return known;
    const made = this.backend
      .call("attachment.thumbnail", { document: this.document, attachment: id })
      .then(({ mediaType, content }) => (mediaType ? `data:${mediaType};base64,${content}` : null))
      .catch(() => {
        // It may have to come first.
        this.pictures.delete(id);
        return null;
      });
    this.pictures.set(id, made);
    return made;
  }

  /** Reads a file, every piece of which is verified by the core. */
  async read(id: string): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let pieces = 1;
    for (let piece = 0; piece < pieces; piece++) {
      const read = await this.backend.call("attachment.read", { document: this.document, attachment: id, piece });
      parts.push(fromBase64(read.content));
      pieces = read.pieces;
    }
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async fetch(id: string): Promise<void> {
    await this.backend.call("attachment.fetch", { document: this.document, attachment: id });
    await this.load();
  }

  cancel(upload: number): void {
    this.cancelled.add(upload);
  }

  /** Adds a file; null when it was cancelled. */
  async add(target: AttachmentTarget, file: File, keepPosition: boolean): Promise<AttachmentView | null> {
    const id = this.next++;
    this.uploads = [...this.uploads, { id, target, name: file.name, done: 0 }];
    try {
      const args = { document: this.document, about: target.about, section: target.section, name: file.name, size: file.size, caption: null, keepPosition, attachment: null };
      const { upload } = await this.backend.call("attachment.begin", args);
      for (let at = 0; at < file.size; at += PIECE_BYTES) {
        if (this.cancelled.has(id)) {
          await this.backend.call("attachment.cancel", { upload });
          return null;
        }
        const bytes = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
        await this.backend.call("attachment.piece", { upload, content: toBase64(bytes) });
        this.uploads = this.uploads.map((one) => (one.id === id ? { ...one, done: Math.min(1, (at + PIECE_BYTES) / file.size) } : one));
      }
      const added = await this.backend.call("attachment.finish", { upload });
      await this.load();
      return added;
    } catch (thrown) {
      throw toProblem(thrown);
    } finally {
      this.cancelled.delete(id);
      this.uploads = this.uploads.filter((one) => one.id !== id);
    }
  }
}
