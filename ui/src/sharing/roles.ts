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

/** A role in a sentence. */
export const roleAs: Record<Role, string> = { owner: "an owner", admin: "an admin", editor: "an editor", reader: "a reader" };

/** What a file with an invitation is called. */
export const invitationFile = "invitation.drystone-invite";
