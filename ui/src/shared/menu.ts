export interface MenuItem {
  label: string;
  run: () => void;
  checked?: boolean;
  danger?: boolean;
  /** A line above it. */
  apart?: boolean;
  action?: string;
  /** The keys that do the same. */
  keys?: string;
}

/** What a menu belongs to, on the screen. */
export interface MenuPlace {
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** The edge that the menu keeps to. */
  align: "start" | "end";
}
