export type DisturbanceEnd =
  | { readonly kind: 'done' }
  /** It could not be done here or now, or not to its end. */
  | { readonly kind: 'skipped'; readonly reason: string };

export const done: DisturbanceEnd = { kind: 'done' };
