/** Whether the pipeline does what it is for. */
import { HERE, orZero, quantile, total, type Row } from './panel.ts';

const RATE = '[$__rate_interval]';

export const overviewRows: readonly Row[] = [
  {
    title: 'Now',
    panels: [
      {
        kind: 'number',
        title: 'Events a second',
        description: 'Accepted by ingest and acknowledged by the brokers.',
        unit: 'cps',
        queries: [total(`rate(ingest_events_total{${HERE},verdict!="rejected"}${RATE})`, 'events')],
      },
      {
        kind: 'number',
        title: 'Deliveries a second',
        description: 'Commands that the Astrolabe API has executed.',
        unit: 'cps',
        queries: [total(`rate(dispatcher_commands_total{${HERE},outcome="delivered"}${RATE})`, 'deliveries')],
      },
      {
        kind: 'number',
        title: 'Freshness, 95 %',
        description: 'From when ingest received an event to the answer of the API.',
        unit: 's',
        queries: [quantile(0.95, 'dispatcher_freshness_seconds', 'freshness')],
      },
      {
        kind: 'number',
        title: 'Halted connectors',
        description: 'Astrolabe refuses their keys. Their commands wait; those of others do not.',
        unit: 'none',
        queries: [
          {
            expr: orZero(`sum(max by (namespace, connector) (dispatcher_halted_connectors{${HERE}}))`),
            legend: 'halted',
          },
        ],
      },
      {
        kind: 'number',
        title: 'Dead letters in a day',
        description: 'Stored in the last 24 hours. What still waits: astrolabe dlq list.',
        unit: 'none',
        queries: [
          {
            expr: orZero(
              `sum(increase(ingest_dead_letters_total{${HERE}}[1d]) or increase(mapper_dead_letters_total{${HERE}}[1d]) or increase(dispatcher_dead_letters_total{${HERE}}[1d]))`,
            ),
            legend: 'dead letters',
          },
        ],
      },
      {
        kind: 'number',
        title: 'Instances',
        description: 'Running, of all three services.',
        unit: 'none',
        queries: [
          {
            expr: orZero(
              `count(ingest_build_info{${HERE}} or mapper_build_info{${HERE}} or dispatcher_build_info{${HERE}})`,
            ),
            legend: 'instances',
          },
        ],
      },
    ],
  },
  {
    title: 'Flow',
    panels: [
      {
        kind: 'graph',
        title: 'Events, commands and deliveries a second',
        description: 'They follow each other; an event makes no, one or several commands.',
        unit: 'cps',
        queries: [
          total(`rate(ingest_events_total{${HERE},verdict!="rejected"}${RATE})`, 'events accepted'),
          total(`rate(mapper_events_total{${HERE}}${RATE})`, 'events mapped or skipped'),
          total(`rate(mapper_commands_total{${HERE}}${RATE})`, 'commands made'),
          total(`rate(dispatcher_commands_total{${HERE},outcome=~"delivered|duplicate"}${RATE})`, 'commands delivered'),
        ],
      },
      {
        kind: 'graph',
        title: 'Freshness',
        description: 'From when ingest received an event to the answer of the API, without replays.',
        unit: 's',
        queries: [
          quantile(0.5, 'dispatcher_freshness_seconds', '50 %'),
          quantile(0.95, 'dispatcher_freshness_seconds', '95 %'),
          quantile(0.99, 'dispatcher_freshness_seconds', '99 %'),
        ],
      },
    ],
  },
  {
    title: 'Lag',
    panels: [
      {
        kind: 'graph',
        title: 'Lag in seconds',
        description:
          'Age of the first record that is not finished, of the partition that is furthest behind. Connectors that lag by themselves are not in it.',
        unit: 's',
        queries: [
          { expr: orZero(`max(mapper_lag_seconds{${HERE}})`), legend: 'mapper' },
          { expr: orZero(`max(dispatcher_lag_seconds{${HERE}})`), legend: 'dispatcher' },
          { expr: orZero(`max(dispatcher_connector_lag_seconds{${HERE}})`), legend: 'connector furthest behind' },
        ],
      },
      {
        kind: 'graph',
        title: 'Lag in records',
        description: 'Offsets up to the last stable one; those behind an open transaction are apart.',
        unit: 'short',
        queries: [
          total(`mapper_lag_records{${HERE}}`, 'mapper'),
          total(`dispatcher_lag_records{${HERE}}`, 'dispatcher'),
          total(`mapper_held_records{${HERE}}`, 'held, mapper'),
          total(`dispatcher_held_records{${HERE}}`, 'held, dispatcher'),
        ],
      },
      {
        kind: 'graph',
        title: 'Replays',
        description: 'What is left of replays. They give way to live records.',
        unit: 'short',
        queries: [
          total(`mapper_replay_lag_records{${HERE}}`, 'events to map again'),
          total(`dispatcher_replay_lag_records{${HERE}}`, 'commands to deliver again'),
        ],
      },
    ],
  },
  {
    title: 'Trouble',
    panels: [
      {
        kind: 'graph',
        title: 'Requests refused',
        description: 'A minute, by error code (docs/errors.md).',
        unit: 'short',
        queries: [
          {
            expr: orZero(`sum by (code) (rate(ingest_refused_requests_total{${HERE}}${RATE}) * 60) > 0`),
            legend: '{{code}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Dead letters',
        description: 'A minute, by cause (docs/errors.md).',
        unit: 'short',
        queries: (['ingest', 'mapper', 'dispatcher'] as const).map((service) => ({
          expr: orZero(`sum by (code) (rate(${service}_dead_letters_total{${HERE}}${RATE}) * 60) > 0`),
          legend: `${service} {{code}}`,
        })),
      },
      {
        kind: 'graph',
        title: 'Faults',
        description: 'A minute, by error code: what the services retry, wait for or stop at.',
        unit: 'short',
        queries: (['ingest', 'mapper', 'dispatcher'] as const).map((service) => ({
          expr: orZero(`sum by (code) (rate(${service}_faults_total{${HERE}}${RATE}) * 60) > 0`),
          legend: `${service} {{code}}`,
        })),
      },
    ],
  },
];
