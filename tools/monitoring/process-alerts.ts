/** Alerts about processes: they are away, restart, or have not enough of something. */
import type { AlertRule } from './alert-rule.ts';

const PROD = { namespace: 'prod' };
const services = ['ingest', 'mapper', 'dispatcher'] as const;
const processes = [...services, 'console'] as const;
const builds = services.map((service) => `${service}_build_info`).join(' or ');
const labelsOf = (job: string): string => `namespace="prod",job="${job}",instance="x1"`;
const buildOf = (service: string): string => `${service}_build_info{${labelsOf(service)},version="1.0.0"}`;

export const processAlerts: readonly AlertRule[] = [
  ...services.map((service): AlertRule => {
    const series = `${service}_build_info{namespace="prod",instance="x1",version="1.0.0"}`;
    const others = Object.fromEntries(
      services
        .filter((other) => other !== service)
        .map((other) => [`${other}_build_info{namespace="prod",instance="y1",version="1.0.0"}`, '1x60']),
    );
    return {
      name: 'Down',
      service,
      severity: 'critical',
      expr: [
        `group by (namespace) (last_over_time(${service}_build_info[1h])) unless group by (namespace) (${service}_build_info)`,
        `or absent(last_over_time(${service}_build_info[1h]))`,
      ].join('\n'),
      for: '2m',
      summary: `No instance of the ${service} can be scraped`,
      description: `The ${service} is not running, or Prometheus cannot reach it.`,
      runbook: 'A service is down',
      fires: [
        { when: 'the last instance is gone', input: { ...others, [series]: '1x10 stale' }, at: '20m', labels: [PROD] },
        { when: 'there has never been one', input: others, at: '20m', labels: [{}] },
      ],
      silent: [
        {
          when: 'the last instance has been gone for a minute',
          input: { ...others, [series]: '1x10 stale' },
          at: '12m',
        },
        {
          when: 'one of two instances is restarted',
          input: {
            ...others,
            [series]: '1x5 stale _x3 1x30',
            [`${service}_build_info{namespace="prod",instance="x2",version="1.0.0"}`]: '1x40',
          },
          at: '8m',
        },
      ],
    };
  }),
  {
    name: 'CrashLoop',
    severity: 'critical',
    expr: `changes(process_start_time_seconds[15m]) > 2\nand on (namespace, job, instance) (${builds})`,
    for: '0m',
    summary: 'A process restarts again and again: {{ $labels.instance }}',
    description:
      'The process at {{ $labels.instance }} ({{ $labels.job }}) has started more than twice within a quarter of an hour.',
    runbook: 'A service exits with 1',
    fires: services.map((service) => ({
      when: `a process of the ${service} starts every three minutes`,
      input: {
        [`process_start_time_seconds{${labelsOf(service)}}`]: '100 100 100 280 280 280 460 460 460 640 640 640 820',
        [buildOf(service)]: '1x20',
      },
      at: '12m',
      labels: [{ namespace: 'prod', job: service, instance: 'x1' }],
    })),
    silent: [
      {
        when: 'a process of somebody else does',
        input: {
          [`process_start_time_seconds{${labelsOf('other')}}`]: '100 100 100 280 280 280 460 460 460 640 640 640 820',
          [buildOf('ingest')]: '1x20',
        },
        at: '12m',
      },
      {
        when: 'a process was restarted once',
        input: { [`process_start_time_seconds{${labelsOf('ingest')}}`]: '100x5 400x20', [buildOf('ingest')]: '1x30' },
        at: '12m',
      },
    ],
  },
  {
    name: 'NotReady',
    severity: 'warning',
    expr: `(${processes.map((service) => `${service}_process_ready`).join(' or ')}) == 0`,
    for: '15m',
    summary: 'A process is not ready: {{ $labels.instance }}',
    description:
      'The process at {{ $labels.instance }} ({{ $labels.job }}) has not been ready for a quarter of an hour. Its /readyz says why.',
    runbook: 'A service does not become ready',
    fires: processes.map((service) => ({
      when: `the ${service} waits for something that does not come`,
      input: { [`${service}_process_ready{${labelsOf(service)}}`]: '1x5 0x30' },
      at: '25m',
      labels: [{ namespace: 'prod', job: service, instance: 'x1' }],
    })),
    silent: [
      {
        when: 'a mapper has read back what it remembers for ten minutes',
        input: { [`mapper_process_ready{${labelsOf('mapper')}}`]: '0x10 1x30' },
        at: '10m',
      },
      {
        when: 'an ingest that has not been ready is gone',
        input: { [`ingest_process_ready{${labelsOf('ingest')}}`]: '0x5 stale' },
        at: '25m',
      },
    ],
  },
  {
    name: 'EventLoop',
    severity: 'warning',
    expr: `nodejs_eventloop_lag_p99_seconds > 0.5\nand on (namespace, job, instance) (${builds} or console_build_info)`,
    for: '10m',
    summary: 'A process has too little of a processor: {{ $labels.instance }}',
    description:
      'The event loop of the process at {{ $labels.instance }} ({{ $labels.job }}) has been late by more than half a second for ten minutes.',
    runbook: 'A process is too busy',
    fires: processes.map((service) => ({
      when: `the event loop of the ${service} is a second late`,
      input: {
        [`nodejs_eventloop_lag_p99_seconds{${labelsOf(service)}}`]: '0.01x5 1x20',
        [buildOf(service)]: '1x30',
      },
      at: '20m',
      labels: [{ namespace: 'prod', job: service, instance: 'x1' }],
    })),
    silent: [
      {
        when: 'it has been late for some minutes',
        input: {
          [`nodejs_eventloop_lag_p99_seconds{${labelsOf('ingest')}}`]: '0.01x5 1x20',
          [buildOf('ingest')]: '1x30',
        },
        at: '12m',
      },
      {
        when: 'a process of somebody else is a second late',
        input: { [`nodejs_eventloop_lag_p99_seconds{${labelsOf('other')}}`]: '1x30', [buildOf('ingest')]: '1x30' },
        at: '20m',
      },
    ],
  },
  ...(['mapper', 'dispatcher'] as const).map((service): AlertRule => ({
    name: 'PartitionUnowned',
    service,
    severity: 'critical',
    expr: `sum by (namespace) (${service}_assigned_partitions) < max by (namespace) (${service}_topic_partitions)`,
    for: '5m',
    summary: `Partitions have no ${service}`,
    description: `Fewer partitions are assigned to instances of the ${service} than its topic has: the records of the others wait.`,
    runbook: 'A partition is worked on by nobody',
    fires: [
      {
        when: 'an instance that is gone is still in the group',
        input: {
          [`${service}_assigned_partitions{namespace="prod",instance="x1"}`]: '3x30',
          [`${service}_assigned_partitions{namespace="prod",instance="x2"}`]: '3x5 stale',
          [`${service}_topic_partitions{namespace="prod",instance="x1"}`]: '6x30',
        },
        at: '15m',
        labels: [PROD],
      },
    ],
    silent: [
      {
        when: 'a rebalance takes two minutes',
        input: {
          [`${service}_assigned_partitions{namespace="prod",instance="x1"}`]: '3x4 0 0 6x30',
          [`${service}_topic_partitions{namespace="prod",instance="x1"}`]: '6x40',
          [`${service}_assigned_partitions{namespace="prod",instance="x2"}`]: '3x4 0 0 0x30',
        },
        at: '6m',
      },
    ],
  })),
  ...services.map((service): AlertRule => {
    const series = `${service}_connectors_file_valid{namespace="prod",instance="x1"}`;
    return {
      name: 'ConnectorsFileBad',
      service,
      severity: 'warning',
      expr: `min by (namespace) (${service}_connectors_file_valid) == 0`,
      for: '5m',
      summary: `The connectors file of the ${service} cannot be used`,
      description: `The last edit of the connectors file is invalid. The ${service} works on with the connectors before it.`,
      runbook: 'The connectors file cannot be used',
      fires: [{ when: 'an edit is invalid', input: { [series]: '1x5 0x20' }, at: '15m', labels: [PROD] }],
      silent: [{ when: 'an edit is fixed soon', input: { [series]: '1x5 0x3 1x20' }, at: '8m' }],
    };
  }),
  {
    name: 'LedgerDisk',
    severity: 'critical',
    expr: 'min by (namespace, instance) (dispatcher_ledger_disk_free_bytes / dispatcher_ledger_disk_bytes) < 0.1',
    for: '10m',
    summary: 'The disk of the ledger is nearly full: {{ $labels.instance }}',
    description:
      'Less than a tenth of the disk is free that the delivery ledger of {{ $labels.instance }} is on. When it is full, the dispatcher stops.',
    runbook: "The ledger's disk is nearly full",
    fires: [
      {
        when: 'a twentieth is free',
        input: {
          'dispatcher_ledger_disk_free_bytes{namespace="prod",instance="d1"}': '50x30',
          'dispatcher_ledger_disk_bytes{namespace="prod",instance="d1"}': '1000x30',
        },
        at: '20m',
        labels: [{ namespace: 'prod', instance: 'd1' }],
      },
    ],
    silent: [
      {
        when: 'a twentieth has been free for some minutes',
        input: {
          'dispatcher_ledger_disk_free_bytes{namespace="prod",instance="d1"}': '333x5 50x30',
          'dispatcher_ledger_disk_bytes{namespace="prod",instance="d1"}': '1000x40',
        },
        at: '12m',
      },
      {
        when: 'a third is free',
        input: {
          'dispatcher_ledger_disk_free_bytes{namespace="prod",instance="d1"}': '333x30',
          'dispatcher_ledger_disk_bytes{namespace="prod",instance="d1"}': '1000x30',
        },
        at: '20m',
      },
    ],
  },
  {
    name: 'MemoryNearBound',
    severity: 'warning',
    expr: [
      'max by (namespace, instance) (mapper_state_bytes / mapper_state_max_bytes) > 0.8',
      'or max by (namespace, instance) (dispatcher_ledger_index_bytes / dispatcher_ledger_index_max_bytes) > 0.66',
    ].join('\n'),
    for: '15m',
    summary: 'What a process remembers nears its bound: {{ $labels.instance }}',
    description:
      'At its bound the mapper forgets users and the dispatcher stops. Give {{ $labels.instance }} more memory, or run more instances.',
    runbook: 'Memory nears its bound',
    fires: [
      {
        when: 'a mapper remembers nearly all that it can, and an index has nearly grown to its bound',
        input: {
          'mapper_state_bytes{namespace="prod",instance="m1"}': '85x30',
          'mapper_state_max_bytes{namespace="prod",instance="m1"}': '100x30',
          'dispatcher_ledger_index_bytes{namespace="prod",instance="d1"}': '70x30',
          'dispatcher_ledger_index_max_bytes{namespace="prod",instance="d1"}': '100x30',
        },
        at: '20m',
        labels: [
          { namespace: 'prod', instance: 'm1' },
          { namespace: 'prod', instance: 'd1' },
        ],
      },
    ],
    silent: [
      {
        when: 'a mapper has remembered nearly all that it can for some minutes',
        input: {
          'mapper_state_bytes{namespace="prod",instance="m1"}': '60x5 85x30',
          'mapper_state_max_bytes{namespace="prod",instance="m1"}': '100x40',
        },
        at: '15m',
      },
      {
        when: 'both have room',
        input: {
          'mapper_state_bytes{namespace="prod",instance="m1"}': '60x30',
          'mapper_state_max_bytes{namespace="prod",instance="m1"}': '100x30',
          'dispatcher_ledger_index_bytes{namespace="prod",instance="d1"}': '60x30',
          'dispatcher_ledger_index_max_bytes{namespace="prod",instance="d1"}': '100x30',
        },
        at: '20m',
      },
    ],
  },
];
