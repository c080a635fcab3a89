/** One connector or all: what is sent, what its API takes, and what waits. */
import { HERE, orZero, quantile, total, type Row } from './panel.ts';

const RATE = '[$__rate_interval]';
const CHOSEN = `${HERE},connector=~"$connector"`;

export const deliveryRows: readonly Row[] = [
  {
    title: 'In and out',
    panels: [
      {
        kind: 'graph',
        title: 'Events a second',
        description: 'Judged by ingest, by verdict.',
        unit: 'cps',
        queries: ['accepted', 'unsupported', 'rejected'].map((verdict) =>
          total(`rate(ingest_events_total{${CHOSEN},verdict="${verdict}"}${RATE})`, verdict),
        ),
      },
      {
        kind: 'graph',
        title: 'Commands a second',
        description: 'Finished by the dispatcher, by outcome.',
        unit: 'cps',
        queries: ['delivered', 'duplicate', 'dead-lettered'].map((outcome) =>
          total(`rate(dispatcher_commands_total{${CHOSEN},outcome="${outcome}"}${RATE})`, outcome),
        ),
      },
      {
        kind: 'graph',
        title: 'Requests by status',
        description: '429: a limit of the connector. 503: ingest is overloaded or cannot store events.',
        unit: 'cps',
        queries: [
          { expr: orZero(`sum by (status) (rate(ingest_requests_total{${CHOSEN}}${RATE}))`), legend: '{{status}}' },
        ],
      },
    ],
  },
  {
    title: 'The API',
    panels: [
      {
        kind: 'graph',
        title: 'Duration of calls',
        description: 'Answered or not.',
        unit: 's',
        queries: [
          quantile(0.5, 'dispatcher_call_duration_seconds', '50 %', CHOSEN),
          quantile(0.95, 'dispatcher_call_duration_seconds', '95 %', CHOSEN),
          quantile(0.99, 'dispatcher_call_duration_seconds', '99 %', CHOSEN),
        ],
      },
      {
        kind: 'graph',
        title: 'Calls in flight',
        description: 'And how many there may be, as the latency of the API allows.',
        unit: 'short',
        queries: [
          total(`dispatcher_in_flight_calls{${CHOSEN}}`, 'in flight'),
          total(`dispatcher_concurrency_limit_calls{${CHOSEN}}`, 'limit'),
        ],
      },
      {
        kind: 'graph',
        title: 'Failed calls a second',
        description: 'By cause; all of them are tried again.',
        unit: 'cps',
        queries: [
          {
            expr: orZero(`sum by (cause) (rate(dispatcher_failed_calls_total{${CHOSEN}}${RATE}))`),
            legend: '{{cause}}',
          },
        ],
      },
    ],
  },
  {
    title: 'What waits',
    panels: [
      {
        kind: 'graph',
        title: 'Lag of connectors',
        description:
          'Age of the first command of a connector that lags and is not delivered. Commands expire after 7 days.',
        unit: 's',
        queries: [
          {
            expr: orZero(`max by (connector) (dispatcher_connector_lag_seconds{${CHOSEN}})`),
            legend: '{{connector}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Commands that wait for their call',
        description: 'In memory, by connector.',
        unit: 'short',
        queries: [
          {
            expr: orZero(`sum by (connector) (dispatcher_waiting_commands{${CHOSEN}})`),
            legend: '{{connector}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Circuits and refused keys',
        description: 'Circuit: 0 closed, 1 probing, 2 open. Halted: Astrolabe refuses the key.',
        unit: 'short',
        queries: [
          {
            expr: orZero(`max by (connector) (dispatcher_circuit_state{${CHOSEN}}) > 0`),
            legend: 'circuit {{connector}}',
          },
          {
            expr: orZero(`max by (connector) (dispatcher_halted_connectors{${CHOSEN}}) > 0`),
            legend: 'halted {{connector}}',
          },
        ],
      },
    ],
  },
];
