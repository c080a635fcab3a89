import type { JobView } from '@astrolabe/operations';
import type { Metrics } from '@astrolabe/service-kit';

/** What the console counts. A route is its pattern, so that ids make no series. */
export interface ConsoleMetrics {
  requestAnswered(route: string, method: string, status: number, seconds: number): void;
  requestRefused(code: string): void;
  loginAttempted(result: LoginResult): void;
  streamOpened(route: string): void;
  streamClosed(route: string, why: StreamEnd): void;
}

/** `slow`: the client did not take what was written, and was cut off. `session`: the session expired. */
export type StreamEnd = 'left' | 'ended' | 'slow' | 'session' | 'stopping' | 'failed';
const streamEnds: readonly StreamEnd[] = ['left', 'ended', 'slow', 'session', 'stopping', 'failed'];

const loginResults = ['accepted', 'refused', 'limited', 'failed'] as const;
export type LoginResult = (typeof loginResults)[number];

export function createConsoleMetrics(metrics: Metrics): ConsoleMetrics {
  const requests = metrics.counter({
    name: 'requests_total',
    help: 'Requests answered, by route (unknown where none matches), method and HTTP status.',
    labelNames: ['route', 'method', 'status'],
  });
  const seconds = metrics.histogram({
    name: 'request_seconds',
    help: 'From the request to the end of its answer, by route; streams are not among them.',
    labelNames: ['route'],
  });
  const refusals = metrics.counter({
    name: 'refused_requests_total',
    help: 'Requests that were refused, by error code (docs/errors.md).',
    labelNames: ['code'],
    // A fault of ours: its first has to be seen as an increase.
    zeros: [{ code: 'console.internal' }],
  });
  const logins = metrics.counter({
    name: 'logins_total',
    help: 'Attempts to log in, by result: accepted, refused, limited (too many) or failed (at the OpenID provider).',
    labelNames: ['result'],
    zeros: loginResults.map((result) => ({ result })),
  });
  const open = metrics.gauge({
    name: 'open_streams',
    help: 'Streams of server-sent events that browsers have open, by route.',
    labelNames: ['route'],
  });
  const ended = metrics.counter({
    name: 'ended_streams_total',
    help: 'Streams of server-sent events that ended, by reason; slow: the browser did not take its events and was cut off.',
    labelNames: ['reason'],
    zeros: streamEnds.map((reason) => ({ reason })),
  });
  return {
    requestAnswered: (route, method, status, elapsed) => {
      requests.inc({ route, method, status: String(status) });
      seconds.observe({ route }, elapsed);
    },
    loginAttempted: (result) => logins.inc({ result }),
    requestRefused: (code) => refusals.inc({ code }),
    streamOpened: (route) => open.inc({ route }),
    streamClosed: (route, reason) => {
      open.dec({ route });
      ended.inc({ reason });
    },
  };
}

const jobStates = ['waiting', 'delayed', 'running', 'cancelling', 'done', 'cancelled', 'failed'] as const;
type ShownJob = Pick<JobView, 'phase' | 'reason'>;

/** Undefined: not known yet. Then none is shown, for a number that jumps up from 0 would look like news. */
export function showJobs(metrics: Metrics, knownJobs: () => readonly ShownJob[] | undefined): void {
  metrics.gauge({
    name: 'known_jobs',
    help: 'Redrives and dismissals of the last 31 days, by state; delayed: was under way, and waits to be tried again or for another one.',
    labelNames: ['state'],
    collect: (gauge) => {
      gauge.reset();
      const states = knownJobs()?.map(stateOf);
      if (states === undefined) return;
      for (const state of jobStates) gauge.set({ state }, states.filter((each) => each === state).length);
    },
  });
}

function stateOf({ phase, reason }: ShownJob): (typeof jobStates)[number] {
  return phase === 'waiting' && reason !== undefined ? 'delayed' : phase;
}
