/** What the processes have of memory, disk and time, and which partitions they work on. */
import { HERE, orZero, quantile, total, type Row } from './panel.ts';

const RATE = '[$__rate_interval]';

const services = ['ingest', 'mapper', 'dispatcher'] as const;
const ours = `on (namespace, job, instance) (${[...services, 'console'].map((service) => `${service}_build_info{${HERE}}`).join(' or ')})`;

export const processRows: readonly Row[] = [
  {
    title: 'Processes',
    panels: [
      {
        kind: 'graph',
        title: 'Processor',
        description: 'Cores in use, by instance.',
        unit: 'short',
        queries: [
          {
            expr: orZero(`(rate(process_cpu_seconds_total{${HERE}}[$__rate_interval]) and ${ours})`),
            legend: '{{job}} {{instance}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Memory',
        description: 'Resident, by instance.',
        unit: 'bytes',
        queries: [
          { expr: orZero(`(process_resident_memory_bytes{${HERE}} and ${ours})`), legend: '{{job}} {{instance}}' },
        ],
      },
      {
        kind: 'graph',
        title: 'Event loop, 99 %',
        description: 'How late it is. Half a second and more delays everything that the process does.',
        unit: 's',
        queries: [
          { expr: orZero(`(nodejs_eventloop_lag_p99_seconds{${HERE}} and ${ours})`), legend: '{{job}} {{instance}}' },
        ],
      },
    ],
  },
  {
    title: 'Partitions',
    panels: [
      {
        kind: 'graph',
        title: 'Assigned partitions',
        description: 'Over all instances, and what the topics have.',
        unit: 'short',
        queries: (['mapper', 'dispatcher'] as const).flatMap((service) => [
          total(`${service}_assigned_partitions{${HERE}}`, `${service}, assigned`),
          { expr: orZero(`max(${service}_topic_partitions{${HERE}})`), legend: `${service}, of the topic` },
        ]),
      },
      {
        kind: 'graph',
        title: 'Assignments',
        description: 'Made by the consumer groups, an hour. Each start and stop makes some.',
        unit: 'short',
        queries: (['mapper', 'dispatcher'] as const).map((service) =>
          total(`increase(${service}_rebalances_total{${HERE}}[1h])`, service),
        ),
      },
      {
        kind: 'graph',
        title: 'Lag by partition',
        description: 'In seconds. One that stands out has a key with very many records.',
        unit: 's',
        queries: (['mapper', 'dispatcher'] as const).map((service) => ({
          expr: orZero(`max by (partition) (${service}_lag_seconds{${HERE}})`),
          legend: `${service} {{partition}}`,
        })),
      },
      {
        kind: 'graph',
        title: 'Time to restore',
        description: "Of the mapper's state and the dispatcher's ledger, for a partition that is taken over.",
        unit: 's',
        queries: [
          quantile(0.95, 'mapper_state_restore_seconds', 'state, 95 %'),
          quantile(0.95, 'dispatcher_ledger_restore_seconds', 'ledger, 95 %'),
        ],
      },
    ],
  },
  {
    title: 'What is held',
    panels: [
      {
        kind: 'graph',
        title: 'In flight in ingest',
        description: 'Bytes of requests, and the bound beyond which they are answered 503.',
        unit: 'bytes',
        queries: [
          total(`ingest_in_flight_bytes{${HERE}}`, 'in flight'),
          total(`ingest_in_flight_max_bytes{${HERE}}`, 'bound'),
        ],
      },
      {
        kind: 'graph',
        title: 'Remembered users and index of the ledger',
        description: 'As a part of their bounds, of the instance that is nearest.',
        unit: 'percentunit',
        queries: [
          { expr: orZero(`max(mapper_state_bytes{${HERE}} / mapper_state_max_bytes{${HERE}})`), legend: 'state' },
          {
            expr: orZero(`max(dispatcher_ledger_index_bytes{${HERE}} / dispatcher_ledger_index_max_bytes{${HERE}})`),
            legend: 'index',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Delivery ledger',
        description: 'Deliveries that are known.',
        unit: 'short',
        queries: [total(`dispatcher_ledger_entries{${HERE}}`, 'deliveries')],
      },
      {
        kind: 'graph',
        title: 'Disk of the ledger',
        description: 'Free, of the instance that has least. At 0 the dispatcher stops.',
        unit: 'percentunit',
        queries: [
          {
            expr: orZero(`min(dispatcher_ledger_disk_free_bytes{${HERE}} / dispatcher_ledger_disk_bytes{${HERE}})`),
            legend: 'free',
          },
        ],
      },
    ],
  },
  {
    title: "The operator's console",
    panels: [
      {
        kind: 'graph',
        title: 'Requests',
        description:
          'A minute, by status. 500 is a fault of the console; 503 is brokers, registry or API that are away.',
        unit: 'short',
        queries: [
          {
            expr: orZero(`sum by (status) (rate(console_requests_total{${HERE}}${RATE}) * 60) > 0`),
            legend: '{{status}}',
          },
        ],
      },
      {
        kind: 'graph',
        title: 'Time of a request',
        description: 'From the request to the end of its answer, without streams.',
        unit: 's',
        queries: [quantile(0.5, 'console_request_seconds', '50 %'), quantile(0.95, 'console_request_seconds', '95 %')],
      },
      {
        kind: 'graph',
        title: 'Log-ins',
        description: 'An hour, by result. limited: too many from one address or at one name.',
        unit: 'short',
        queries: [
          {
            expr: orZero(`sum by (result) (increase(console_logins_total{${HERE}}[1h])) > 0`),
            legend: '{{result}}',
          },
        ],
      },
    ],
  },
  {
    title: "The console's jobs and streams",
    panels: [
      {
        kind: 'graph',
        title: 'Redrives and dismissals',
        description: 'Of the console, by state. delayed: its page says why it does not go on.',
        unit: 'short',
        queries: ['waiting', 'delayed', 'running', 'cancelling'].map((state) => ({
          expr: orZero(`max(console_known_jobs{${HERE},state="${state}"})`),
          legend: state,
        })),
      },
      {
        kind: 'graph',
        title: 'Open streams',
        description: 'Of browsers that look at live pages, and those that were cut off in an hour for taking nothing.',
        unit: 'short',
        queries: [
          total(`console_open_streams{${HERE}}`, 'open'),
          total(`increase(console_ended_streams_total{${HERE},reason="slow"}[1h])`, 'cut off'),
        ],
      },
    ],
  },
];
