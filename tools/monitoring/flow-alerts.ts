/** Alerts about the way of events: they are not stored, wait too long, or are not delivered. */
import type { AlertRule } from './alert-rule.ts';

const PROD = { namespace: 'prod' };

export const flowAlerts: readonly AlertRule[] = [
  {
    name: 'EventsNotStored',
    severity: 'critical',
    expr: [
      'sum by (namespace) (increase(ingest_refused_requests_total{code=~"kafka[.].+"}[5m])) > 0',
      'or max by (namespace) (1 - ingest_store_ready) > 0',
    ].join('\n'),
    for: '2m',
    summary: 'Ingest cannot store events',
    description: 'The brokers do not take events, so senders are answered 503. They send again, for hours at most.',
    runbook: 'Events cannot be stored',
    fires: [
      {
        when: 'the brokers answer and do not take what is sent',
        input: {
          'ingest_refused_requests_total{namespace="prod",instance="i1",code="kafka.unavailable"}': '0x3 0+20x20',
          'ingest_store_ready{namespace="prod",instance="i1"}': '1x30',
        },
        at: '10m',
        labels: [PROD],
      },
      {
        when: 'nobody sends, and one instance cannot reach them',
        input: {
          'ingest_store_ready{namespace="prod",instance="i1"}': '1x4 0x20',
          'ingest_store_ready{namespace="prod",instance="i2"}': '1x30',
        },
        at: '10m',
        labels: [PROD],
      },
    ],
    silent: [
      {
        when: 'the brokers have been away for a minute',
        input: { 'ingest_store_ready{namespace="prod",instance="i1"}': '1x4 0x20' },
        at: '6m',
      },
      {
        when: 'requests are refused for other reasons',
        input: {
          'ingest_refused_requests_total{namespace="prod",instance="i1",code="event.unauthenticated"}': '0+20x30',
          'ingest_store_ready{namespace="prod",instance="i1"}': '1x30',
        },
        at: '10m',
      },
    ],
  },
  {
    name: 'FreshnessSlow',
    severity: 'warning',
    expr: [
      'histogram_quantile(0.95, sum by (namespace, le) (rate(dispatcher_freshness_seconds_bucket[10m]))) > 60',
      'and sum by (namespace) (increase(dispatcher_freshness_seconds_count[10m])) > 10',
    ].join('\n'),
    for: '10m',
    summary: 'Events take more than a minute to reach Astrolabe',
    description: 'One in twenty of the last events took longer than a minute from ingest to the answer of the API.',
    runbook: 'Events arrive late',
    fires: [
      {
        when: 'a tenth of the events takes minutes',
        input: {
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="60"}': '0+90x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="300"}': '0+100x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="+Inf"}': '0+100x60',
          'dispatcher_freshness_seconds_count{namespace="prod",instance="d1",connector="acme"}': '0+100x60',
        },
        at: '30m',
        labels: [PROD],
      },
    ],
    silent: [
      {
        when: 'a tenth of the events has taken minutes, for less than ten minutes',
        input: {
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="60"}': '0+90x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="300"}': '0+100x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="+Inf"}': '0+100x60',
          'dispatcher_freshness_seconds_count{namespace="prod",instance="d1",connector="acme"}': '0+100x60',
        },
        at: '8m',
      },
      {
        when: 'nothing is sent',
        input: {
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="60"}': '90x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="+Inf"}': '100x60',
          'dispatcher_freshness_seconds_count{namespace="prod",instance="d1",connector="acme"}': '100x60',
        },
        at: '30m',
      },
      {
        when: 'one event every two minutes takes minutes',
        input: {
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="60"}': '0x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="300"}': '0+0.5x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="+Inf"}': '0+0.5x60',
          'dispatcher_freshness_seconds_count{namespace="prod",instance="d1",connector="acme"}': '0+0.5x60',
        },
        at: '30m',
      },
      {
        when: 'one in a hundred takes minutes',
        input: {
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="60"}': '0+99x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="300"}': '0+100x60',
          'dispatcher_freshness_seconds_bucket{namespace="prod",instance="d1",connector="acme",le="+Inf"}': '0+100x60',
          'dispatcher_freshness_seconds_count{namespace="prod",instance="d1",connector="acme"}': '0+100x60',
        },
        at: '30m',
      },
    ],
  },
  {
    name: 'NothingDelivered',
    severity: 'critical',
    expr: [
      'sum by (namespace) (dispatcher_partition_records) > 0',
      'unless sum by (namespace) (increase(dispatcher_commands_total{outcome=~"delivered|duplicate"}[10m])) > 0',
    ].join('\n'),
    for: '10m',
    summary: 'Commands wait and none is delivered',
    description: 'For ten minutes commands have waited in the dispatchers, and not one was delivered.',
    runbook: 'Nothing is delivered',
    fires: [
      {
        when: 'the API is away',
        input: {
          'dispatcher_partition_records{namespace="prod",instance="d1",partition="0"}': '0x10 50x60',
          'dispatcher_commands_total{namespace="prod",instance="d1",connector="acme",kind="UpsertUser",outcome="delivered",reason=""}':
            '0+10x10 100x60',
        },
        at: '40m',
        labels: [PROD],
      },
      {
        when: 'nothing has been delivered since the start',
        input: { 'dispatcher_partition_records{namespace="prod",instance="d1",partition="0"}': '5x60' },
        at: '30m',
        labels: [PROD],
      },
    ],
    silent: [
      {
        when: 'commands have waited for five minutes',
        input: { 'dispatcher_partition_records{namespace="prod",instance="d1",partition="0"}': '0x10 50x60' },
        at: '16m',
      },
      {
        when: 'one connector waits and another is delivered',
        input: {
          'dispatcher_partition_records{namespace="prod",instance="d1",partition="0"}': '50x60',
          'dispatcher_commands_total{namespace="prod",instance="d1",connector="acme",kind="UpsertUser",outcome="delivered",reason=""}':
            '0+10x60',
        },
        at: '40m',
      },
      {
        when: 'nothing is sent',
        input: {
          'dispatcher_partition_records{namespace="prod",instance="d1",partition="0"}': '0x60',
          'dispatcher_commands_total{namespace="prod",instance="d1",connector="acme",kind="UpsertUser",outcome="delivered",reason=""}':
            '100x60',
        },
        at: '40m',
      },
    ],
  },
  ...(['mapper', 'dispatcher'] as const).map((service): AlertRule => {
    const series = `${service}_lag_seconds{namespace="prod",instance="x1",partition="0"}`;
    const lag = `max by (namespace) (${service}_lag_seconds)`;
    return {
      name: 'LagGrows',
      service,
      severity: 'warning',
      expr: `${lag} > 300\nand ${lag} > max by (namespace) (${service}_lag_seconds offset 10m)`,
      for: '10m',
      summary: `The ${service} falls behind`,
      description: `The first record that the ${service} has not finished is more than five minutes old, and the lag grows.`,
      runbook: 'Lag grows',
      fires: [
        { when: 'the lag grows by half a minute a minute', input: { [series]: '0+30x60' }, at: '40m', labels: [PROD] },
      ],
      silent: [
        { when: 'the lag has grown beyond five minutes a moment ago', input: { [series]: '0+30x60' }, at: '16m' },
        { when: 'a lag of an hour is worked off', input: { [series]: '3600-30x60' }, at: '40m' },
        { when: 'a burst makes a lag of two minutes', input: { [series]: '0x10 120x5 0x60' }, at: '40m' },
      ],
    };
  }),
  ...(['mapper', 'dispatcher'] as const).map((service): AlertRule => {
    const series = `${service}_held_records{namespace="prod",instance="x1",partition="0"}`;
    return {
      name: 'RecordsHeld',
      service,
      severity: 'warning',
      expr: `max by (namespace, partition) (${service}_held_records) > 0`,
      for: '10m',
      summary: `An open transaction holds up the ${service} on partition {{ $labels.partition }}`,
      description: `Records of partition {{ $labels.partition }} cannot be read before a transaction of another producer ends. They are not in the lag.`,
      runbook: 'Lag does not shrink, "held by a transaction"',
      fires: [
        {
          when: 'a producer has left a transaction open',
          input: { [series]: '0x5 100+10x30' },
          at: '20m',
          labels: [{ namespace: 'prod', partition: '0' }],
        },
      ],
      silent: [
        { when: 'a transaction has been open for some minutes', input: { [series]: '0x5 100+10x30' }, at: '12m' },
        { when: 'transactions end within minutes', input: { [series]: '0 10 10 0 0 10 0x30' }, at: '20m' },
      ],
    };
  }),
  {
    name: 'Overloaded',
    severity: 'warning',
    expr: 'sum by (namespace) (increase(ingest_refused_requests_total{code="ingest.overloaded"}[5m])) > 0',
    for: '10m',
    summary: 'Ingest refuses requests for lack of memory',
    description:
      'For ten minutes requests have been answered 503 because as many bytes are in flight as INGEST_MAX_IN_FLIGHT_BYTES allows.',
    runbook: 'Ingest is overloaded',
    fires: [
      {
        when: 'requests are refused all the time',
        input: {
          'ingest_refused_requests_total{namespace="prod",instance="i1",code="ingest.overloaded"}': '0x5 0+3x30',
        },
        at: '25m',
        labels: [PROD],
      },
    ],
    silent: [
      {
        when: 'a burst was refused',
        input: {
          'ingest_refused_requests_total{namespace="prod",instance="i1",code="ingest.overloaded"}': '0x5 300x30',
        },
        at: '9m',
      },
      {
        when: 'no request is refused any more',
        input: {
          'ingest_refused_requests_total{namespace="prod",instance="i1",code="ingest.overloaded"}': '0x5 0+3x12 36x30',
        },
        at: '30m',
      },
    ],
  },
];
