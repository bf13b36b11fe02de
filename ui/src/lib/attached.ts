/** What is imported or taken in when it is dropped, wherever that is. */
const IMPORTED = /\.(md|markdown|mdown|json|drystone)$/i;

/** Whether a file that is dropped on a section is attached to it. */
export const isAttached = (name: string): boolean => !IMPORTED.test(name);
