/** One of the things a combobox offers. */
export interface Option {
  id: string;
  label: string;
  /** Words beside it, such as its kind. */
  detail?: string;
}
