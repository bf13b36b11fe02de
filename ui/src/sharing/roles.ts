import type { Role } from "../backend/generated/api";

/** What a role may do, in a few words. */
export const roleWords: Record<Role, string> = {
  owner: "do everything",
  admin: "edit and invite",
  editor: "read and edit",
  reader: "read only",
};

/** The role's name. */
export const roleNames: Record<Role, string> = { owner: "Owner", admin: "Admin", editor: "Editor", reader: "Reader" };
