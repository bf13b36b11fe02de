import { fromBase64, toBase64 } from "../lib/base64";
import { randomHex } from "../lib/random";
import { problem } from "./backend";
import type { AttachmentState, AttachmentView, Commands, Edit, RecordView } from "./generated/api";
import type { MemoryBackend } from "./memory";
import type { MemoryDocument } from "./memory-document";
import { applyTo } from "./memory-model-commands";

type Args<K extends keyof Commands> = Commands[K]["args"];

interface Kept {
  section: string | null;
  bytes: Uint8Array<ArrayBuffer>;
  state: AttachmentState;
  done: number;
  total: number;
}

/** Bytes of one piece of a file. */
const PIECE = 1 << 20;
const PICTURES = /^image\/(jpeg|png|webp|gif|bmp)$/;
const TYPES: Record<string, string> = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", gif: "image/gif", bmp: "image/bmp", pdf: "application/pdf", mp4: "video/mp4" };

/** Files of attachments, by the ids of their records. */
export class MemoryAttachments {
  private readonly kept = new Map<string, Kept>();
  private readonly uploads = new Map<string, { args: Args<"attachment.begin">; parts: Uint8Array<ArrayBuffer>[] }>();

  constructor(private readonly backend: MemoryBackend) {}

  /** Adds a file at once, for samples and tests. */
  put(document: MemoryDocument, target: { about: string | null; section: string | null }, name: string, bytes: Uint8Array<ArrayBuffer>, extra: Partial<Kept> & { caption?: string; by?: string; size?: number } = {}): AttachmentView {
    const mediaType = TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "application/octet-stream";
    const { caption = "", by = "You", size = bytes.length, ...kept } = extra;
    const date = new Date().toISOString().slice(0, 10);
    const fields = { name, mediaType, size, by, date, ...(target.about ? { about: target.about } : {}), ...(caption ? { caption } : {}) };
    const id = randomHex(8);
    // The file is there before anyone hears of its record.
    this.kept.set(id, { section: target.section, bytes, state: "here", done: 1, total: 1, ...kept });
    const edit: Edit = { do: "add", collection: "attachments", id, fields, after: null };
    applyTo(this.backend, document, [edit], [], true);
    return this.view(document, id);
  }

  private known(document: MemoryDocument, id: string): { record: RecordView; kept: Kept } {
    const record = document.model.find(id);
    const kept = this.kept.get(id);
    if (!record || !kept) throw problem("not-found", `There is no attachment ${id}.`, "List the attachments of the document to see which there are.");
    return { record, kept };
  }

  private view(document: MemoryDocument, id: string): AttachmentView {
    const { record, kept } = this.known(document, id);
    const text = (name: string) => String(record.fields[name] ?? "");
    return {
      id,
      name: text("name"),
      about: text("about") || null,
      section: kept.section,
      caption: text("caption"),
      mediaType: text("mediaType"),
      size: Number(record.fields["size"] ?? 0),
      by: text("by"),
      date: text("date"),
      state: kept.state,
      stored: false,
      waits: false,
      done: kept.done,
      total: kept.total,
      picture: PICTURES.test(text("mediaType")),
      problem: null,
    };
  }

  list({ document, about, section }: Args<"attachment.list">): AttachmentView[] {
    const found = this.backend.find(document);
    const live = found.model.views().filter((record) => record.collection === "attachments" && !record.hidden && this.kept.has(record.id));
    return live
      .map((record) => this.view(found, record.id))
      .filter((view) => (about === null || view.about === about) && (section === null || view.section === section));
  }

  handlers() {
    const { backend } = this;
    const upload = (id: string) => {
      const found = this.uploads.get(id);
      if (!found) throw problem("not-found", "This file is not being added any more.", "Add it again from its start.");
      return found;
    };
    return {
      "attachment.list": (args: Args<"attachment.list">) => this.list(args),
      "attachment.begin": (args: Args<"attachment.begin">) => {
        backend.find(args.document);
        if (/\.(heic|mp4|tiff?)$/i.test(args.name) && !args.keepPosition) {
          throw problem("confirm", "Files of this kind may say where they were taken, and Drystone cannot take that out of them.", "Add it with its position kept, or make a JPEG or PNG of it first.");
        }
        const id = randomHex(16);
        this.uploads.set(id, { args, parts: [] });
        return { upload: id };
      },
      "attachment.piece": ({ upload: id, content }: Args<"attachment.piece">) => {
        upload(id).parts.push(fromBase64(content));
        return {};
      },
      "attachment.finish": ({ upload: id }: Args<"attachment.finish">) => {
        const { args, parts } = upload(id);
        this.uploads.delete(id);
        const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
        let at = 0;
        for (const part of parts) {
          bytes.set(part, at);
          at += part.length;
        }
        return this.put(backend.find(args.document), args, args.name, bytes, { caption: args.caption ?? "" });
      },
      "attachment.cancel": ({ upload: id }: Args<"attachment.cancel">) => {
        this.uploads.delete(id);
        return {};
      },
      "attachment.read": ({ document, attachment, piece }: Args<"attachment.read">) => {
        const { kept } = this.known(backend.find(document), attachment);
        if (kept.state !== "here") throw problem("not-found", "The file is not on this device yet.", "Fetch it from the relay, or wait until it has come.");
        return { content: toBase64(kept.bytes.subarray(piece * PIECE, (piece + 1) * PIECE)), pieces: Math.max(1, Math.ceil(kept.bytes.length / PIECE)) };
      },
      "attachment.thumbnail": ({ document, attachment }: Args<"attachment.thumbnail">) => {
        const { record, kept } = this.known(backend.find(document), attachment);
        const mediaType = String(record.fields["mediaType"] ?? "");
        if (!PICTURES.test(mediaType)) return { mediaType: "", width: 0, height: 0, content: "" };
        return { mediaType, width: 320, height: 240, content: toBase64(kept.bytes) };
      },
      "attachment.fetch": ({ document, attachment }: Args<"attachment.fetch">) => {
        const found = backend.find(document);
        const { kept } = this.known(found, attachment);
        Object.assign(kept, { state: "here", done: kept.total });
        backend.emit({ type: "attachmentProgress", workspace: found.workspace, file: attachment, done: kept.total, total: kept.total });
        return this.view(found, attachment);
      },
    };
  }
}

/** A picture of a quay under a sky, drawn here: 160 by 120 dots as a bitmap. */
export function samplePicture(hue: readonly [number, number, number]): Uint8Array<ArrayBuffer> {
  const [width, height, head] = [160, 120, 54];
  const bytes = new Uint8Array(head + width * height * 3);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  for (const [at, value] of [[2, bytes.length], [10, head], [14, 40], [18, width], [22, height], [34, width * height * 3]] as const) view.setUint32(at, value, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sky = y > 52 + 6 * Math.sin(x / 13);
      const stone = !sky && y < 34 && (x + (Math.floor(y / 11) % 2) * 13) % 27 > 1 && y % 11 > 0;
      const light = sky ? 0.72 + y / 460 : stone ? 0.42 + ((x * 7 + y * 13) % 9) / 90 : 0.34 + (y % 5) / 60;
      const [r, g, b] = hue;
      bytes.set([b * light, g * light, r * light].map((part) => Math.min(255, Math.round(part))), head + (y * width + x) * 3);
    }
  }
  return bytes;
}

/** Attachments to look at: photos on a section, files on an element. */
export function fillAttachments(backend: MemoryBackend, document: MemoryDocument): void {
  const section = document.views().find((view) => view.title === "Overview")?.id ?? null;
  const element = document.model.views().find((record) => record.collection === "elements" && record.label === "Event log")?.id ?? null;
  const { attachments } = backend;
  attachments.put(document, { about: null, section }, "quay-north.jpg", samplePicture([236, 214, 190]), { caption: "The north quay at low water, seen from the dispatcher's window.", by: "Mara Lindqvist" });
  attachments.put(document, { about: null, section }, "radar-mast.jpg", samplePicture([176, 205, 232]), { caption: "", by: "Tomás Ferreira" });
  attachments.put(document, { about: null, section }, "inspection-2025.pdf", new Uint8Array(900), { size: 2_340_000, by: "Mara Lindqvist" });
  attachments.put(document, { about: null, section }, "harbour-entrance.mp4", new Uint8Array(900), { size: 184_000_000, by: "Mara Lindqvist", state: "remote", done: 0, total: 176 });
  attachments.put(document, { about: element, section: null }, "disk-usage.jpg", samplePicture([200, 226, 180]), { caption: "2.1 GB in 2024.", by: "Tomás Ferreira" });
  attachments.put(document, { about: element, section: null }, "log-format.pdf", new Uint8Array(900), { size: 410_000, by: "Tomás Ferreira", state: "arriving", done: 3, total: 7 });
}
