/**
 * What a panel knows of its data. It loads and fails by itself: a value that was read once is kept while it is read
 * again, and a failure to read it again is told beside it. Pure.
 */

/** Why there is no answer, in the reader's words. */
export interface Problem {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** Of docs/errors.md; undefined where the console itself did not answer. */
  readonly code: string | undefined;
  /** What happened, why, and what to do. */
  readonly detail: string;
  /** Under which the log of the console has more. */
  readonly requestId: string | undefined;
}

export type ResourceState<Value> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** `problem`: the last attempt to read it again failed. */
  | { readonly kind: 'ready'; readonly value: Value; readonly readAtMs: number; readonly problem: Problem | undefined };

export type Answer<Value> =
  { readonly kind: 'answer'; readonly body: Value } | { readonly kind: 'problem'; readonly problem: Problem };

export function afterAnswer<Value>(
  state: ResourceState<Value>,
  answer: Answer<Value>,
  nowMs: number,
): ResourceState<Value> {
  if (answer.kind === 'answer') return { kind: 'ready', value: answer.body, readAtMs: nowMs, problem: undefined };
  const { problem } = answer;
  return state.kind === 'ready' ? { ...state, problem } : { kind: 'failed', problem };
}

export const UNREACHABLE: Problem = {
  status: 0,
  code: undefined,
  detail: 'The console did not answer. It may be stopped, or the network between is down. It is asked again by itself.',
  requestId: undefined,
};

/** `body`: of an answer that is not a success; anything, as a proxy may have written it. */
export function toProblem(status: number, body: unknown): Problem {
  const fields = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const text = (name: string): string | undefined =>
    typeof fields[name] === 'string' && fields[name] !== '' ? fields[name] : undefined;
  return {
    status,
    code: text('code'),
    detail: text('detail') ?? unexplained(status),
    requestId: text('requestId'),
  };
}

function unexplained(status: number): string {
  if (status === 502 || status === 503 || status === 504) {
    return `The proxy in front of the console answered ${String(status)}: it does not reach the console. Check that the console runs.`;
  }
  return `The answer was ${String(status)}, and not one of the console's own. Check what stands between this browser and the console.`;
}

/** What one panel of a page shows. */
export type Shown<Value> =
  | { readonly kind: 'loading'; readonly message: string | undefined }
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** `stale`: why it is not newer than `at`. */
  | { readonly kind: 'ready'; readonly value: Value; readonly at: string; readonly stale: string | undefined };

/** A part of an answer that the server reads by itself. */
export type PanelPart<Value> =
  | { readonly kind: 'ready'; readonly at: string; readonly value: Value }
  | { readonly kind: 'pending'; readonly message: string }
  | {
      readonly kind: 'unavailable';
      readonly message: string;
      readonly code?: string | undefined;
      readonly last?: { readonly at: string; readonly value: Value } | undefined;
    };

/** The whole answer as one panel. */
export function shownOf<Value>(state: ResourceState<Value>): Shown<Value> {
  if (state.kind === 'loading') return { kind: 'loading', message: undefined };
  if (state.kind === 'failed') return state;
  const { value, readAtMs, problem } = state;
  return { kind: 'ready', value, at: new Date(readAtMs).toISOString(), stale: problem?.detail };
}

/** A part of the answer as a panel. What the request itself failed with counts for each part. */
export function panelOf<Body, Value>(state: ResourceState<Body>, part: (body: Body) => PanelPart<Value>): Shown<Value> {
  if (state.kind === 'loading') return { kind: 'loading', message: undefined };
  if (state.kind === 'failed') return state;
  const panel = part(state.value);
  const failure = state.problem?.detail;
  switch (panel.kind) {
    case 'ready':
      return { kind: 'ready', value: panel.value, at: panel.at, stale: failure };
    case 'pending':
      return { kind: 'loading', message: panel.message };
    case 'unavailable': {
      const { message, code, last } = panel;
      if (last !== undefined) return { kind: 'ready', value: last.value, at: last.at, stale: failure ?? message };
      return { kind: 'failed', problem: { status: 200, code, detail: message, requestId: undefined } };
    }
  }
}
