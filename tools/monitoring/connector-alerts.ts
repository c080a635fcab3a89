/** Alerts about a connector: its customer's data waits, or is lost. */
import type { AlertRule } from './alert-rule.ts';

const ACME = { namespace: 'prod', connector: 'acme' };
const acme = 'namespace="prod",instance="d1",connector="acme"';
const DAY_SECONDS = 86_400;

export const connectorAlerts: readonly AlertRule[] = [
  {
    name: 'ConnectorHalted',
    severity: 'warning',
    expr: 'max by (namespace, connector) (dispatcher_halted_connectors) == 1',
    for: '5m',
    summary: 'Astrolabe refuses the key of connector {{ $labels.connector }}',
    description:
      'The commands of connector {{ $labels.connector }} wait for a key that Astrolabe accepts. They expire after 7 days.',
    runbook: 'A connector halted',
    fires: [
      {
        when: 'one of two instances finds the key refused',
        input: {
          [`dispatcher_halted_connectors{${acme}}`]: '0 1x20',
          'dispatcher_halted_connectors{namespace="prod",instance="d2",connector="acme"}': '0x20',
        },
        at: '10m',
        labels: [ACME],
      },
    ],
    silent: [
      {
        when: 'the key has been refused for two minutes',
        input: { [`dispatcher_halted_connectors{${acme}}`]: '0 1x20' },
        at: '3m',
      },
      {
        when: 'the key is right again',
        input: { [`dispatcher_halted_connectors{${acme}}`]: '0 1x9 0x20' },
        at: '12m',
      },
    ],
  },
  {
    name: 'CommandsExpired',
    severity: 'critical',
    expr: 'sum by (namespace) (increase(dispatcher_expired_offsets_total[1h])) > 0',
    for: '0m',
    summary: 'Commands expired before they were delivered',
    description:
      'The retention of the command topic has overtaken a connector that lags: what it passed over is lost, unless its events are replayed.',
    runbook: 'Commands expire before they are delivered',
    fires: [
      {
        when: 'a cursor finds a gap',
        input: { 'dispatcher_expired_offsets_total{namespace="prod",instance="d1",partition="3"}': '0x10 17x60' },
        at: '20m',
        labels: [{ namespace: 'prod' }],
      },
    ],
    silent: [
      {
        when: 'the gap was found more than an hour ago',
        input: { 'dispatcher_expired_offsets_total{namespace="prod",instance="d1",partition="3"}': '0x10 17x120' },
        at: '100m',
      },
    ],
  },
  {
    name: 'ConnectorWillLose',
    severity: 'critical',
    expr: `max by (namespace, connector) (dispatcher_connector_lag_seconds) > ${5 * DAY_SECONDS}`,
    for: '15m',
    summary: 'Connector {{ $labels.connector }} lags by more than five days',
    description:
      'The first command of connector {{ $labels.connector }} that is not delivered is more than five days old. Commands expire after seven.',
    runbook: 'Commands expire before they are delivered',
    fires: [
      {
        when: 'a connector lags by six days, also over a restart of its instance',
        input: {
          [`dispatcher_connector_lag_seconds{${acme},partition="0"}`]: '518000+60x10 _ _ _ _ _',
          'dispatcher_connector_lag_seconds{namespace="prod",instance="d2",connector="acme",partition="0"}':
            '_x10 518600+60x30',
        },
        at: '20m',
        labels: [ACME],
      },
    ],
    silent: [
      {
        when: 'a connector has lagged by more than five days for ten minutes',
        input: { [`dispatcher_connector_lag_seconds{${acme},partition="0"}`]: '431990+60x60' },
        at: '11m',
      },
      {
        when: 'a connector lags by four days',
        input: { [`dispatcher_connector_lag_seconds{${acme},partition="0"}`]: '345600+60x60' },
        at: '30m',
      },
    ],
  },
  {
    name: 'CircuitOpen',
    severity: 'warning',
    expr: [
      'max by (namespace, connector) (dispatcher_circuit_state) > 0',
      'unless max by (namespace, connector) (dispatcher_halted_connectors) == 1',
    ].join('\n'),
    for: '10m',
    summary: 'The API fails for connector {{ $labels.connector }}',
    description:
      'The calls of connector {{ $labels.connector }} have failed for ten minutes, so only one is tried at a time. Its commands wait; those of others do not.',
    runbook: "A customer's API is slow, or asks for fewer calls",
    fires: [
      {
        when: 'the circuit opens and probes in turns',
        input: {
          [`dispatcher_circuit_state{${acme}}`]: '0 2 1 2 2 1 2 2 1 2 2 1 2 2 1 2 2 1',
          [`dispatcher_halted_connectors{${acme}}`]: '0x30',
        },
        at: '15m',
        labels: [ACME],
      },
    ],
    silent: [
      {
        when: 'a key is refused, which is another alert',
        input: { [`dispatcher_circuit_state{${acme}}`]: '2x30', [`dispatcher_halted_connectors{${acme}}`]: '1x30' },
        at: '20m',
      },
      {
        when: 'the circuit has been open for five minutes',
        input: {
          [`dispatcher_circuit_state{${acme}}`]: '0 2x30',
          [`dispatcher_halted_connectors{${acme}}`]: '0x30',
        },
        at: '6m',
      },
    ],
  },
  {
    name: 'DeadLetters',
    severity: 'warning',
    expr: [
      'sum by (namespace, code) (',
      '  increase(ingest_dead_letters_total[15m])',
      '  or increase(mapper_dead_letters_total[15m])',
      '  or increase(dispatcher_dead_letters_total[15m])',
      ') > 0',
    ].join('\n'),
    for: '0m',
    summary: 'Dead letters: {{ $labels.code }}',
    description: 'Events or commands became dead letters for {{ $labels.code }}. astrolabe dlq list shows them.',
    runbook: 'Dead letters appear',
    fires: [
      {
        when: 'the first dead letter of a cause is stored, in each service one',
        input: {
          'ingest_dead_letters_total{namespace="prod",instance="i1",code="event.invalid"}': '0x5 1x30',
          'mapper_dead_letters_total{namespace="prod",instance="m1",code="mapper.state-full"}': '0x5 1x30',
          'dispatcher_dead_letters_total{namespace="prod",instance="d1",code="api.rejected"}': '0x5 1x30',
        },
        at: '10m',
        labels: [
          { namespace: 'prod', code: 'event.invalid' },
          { namespace: 'prod', code: 'mapper.state-full' },
          { namespace: 'prod', code: 'api.rejected' },
        ],
      },
    ],
    silent: [
      {
        when: 'there were some once, and none since',
        input: { 'dispatcher_dead_letters_total{namespace="prod",instance="d1",code="api.rejected"}': '0 5x60' },
        at: '40m',
      },
    ],
  },
  {
    name: 'RateLimited',
    severity: 'info',
    expr: [
      'sum by (namespace, connector) (rate(ingest_requests_total{status="429"}[10m]))',
      '  / sum by (namespace, connector) (rate(ingest_requests_total[10m])) > 0.05',
    ].join('\n'),
    for: '15m',
    summary: 'Requests of connector {{ $labels.connector }} are refused for its limits',
    description:
      'More than one in twenty requests of connector {{ $labels.connector }} has been answered 429 for a quarter of an hour.',
    runbook: 'A sender is answered 429',
    fires: [
      {
        when: 'a tenth of the requests is refused',
        input: {
          'ingest_requests_total{namespace="prod",instance="i1",endpoint="batch",connector="acme",status="200"}':
            '0+90x60',
          'ingest_requests_total{namespace="prod",instance="i1",endpoint="batch",connector="acme",status="429"}':
            '0+10x60',
        },
        at: '30m',
        labels: [ACME],
      },
    ],
    silent: [
      {
        when: 'a tenth of the requests has been refused for ten minutes',
        input: {
          'ingest_requests_total{namespace="prod",instance="i1",endpoint="batch",connector="acme",status="200"}':
            '0+90x60',
          'ingest_requests_total{namespace="prod",instance="i1",endpoint="batch",connector="acme",status="429"}':
            '0+10x60',
        },
        at: '11m',
      },
      {
        when: 'a hundredth of the requests is refused',
        input: {
          'ingest_requests_total{namespace="prod",instance="i1",endpoint="batch",connector="acme",status="200"}':
            '0+99x60',
          'ingest_requests_total{namespace="prod",instance="i1",endpoint="batch",connector="acme",status="429"}':
            '0+1x60',
        },
        at: '30m',
      },
    ],
  },
];
