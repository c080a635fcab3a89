/** Whether a connector's next call may be made, and if not, what it waits for. */
export type Admission =
  | { readonly kind: 'call' | 'probe' }
  /** An answer of this connector's own calls. */
  | { readonly kind: 'wait-for-answer' }
  /** The end of any connector's call. */
  | { readonly kind: 'wait-for-room' }
  /** Another policy: this instance has no share of the connector's limits. */
  | { readonly kind: 'wait-for-share' }
  /** Others that may share its call; it has room already. */
  | { readonly kind: 'linger'; readonly atMs: number }
  | { readonly kind: 'wait-until'; readonly atMs: number };

export const CALL: Admission = { kind: 'call' };
export const PROBE: Admission = { kind: 'probe' };
export const WAIT_FOR_ANSWER: Admission = { kind: 'wait-for-answer' };
export const WAIT_FOR_ROOM: Admission = { kind: 'wait-for-room' };
export const WAIT_FOR_SHARE: Admission = { kind: 'wait-for-share' };

/** For whom a call is made. */
export type CallClass = 'live' | 'replayed';
