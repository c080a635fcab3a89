/** Alerts about the operator's console. Nothing waits for it, so nobody is woken. */
import type { AlertRule } from './alert-rule.ts';

const PROD = { namespace: 'prod' };
const logins = (result: string): string => `console_logins_total{namespace="prod",instance="c1",result="${result}"}`;
const refusals = (code: string): string =>
  `console_refused_requests_total{namespace="prod",instance="c1",code="${code}"}`;
const jobs = (state: string): string => `console_known_jobs{namespace="prod",instance="c1",state="${state}"}`;
const startOf = (job: string): string => `process_start_time_seconds{namespace="prod",job="${job}",instance="x1"}`;
const BUILD = 'console_build_info{namespace="prod",job="console",instance="x1",version="1.0.0"}';
const EVERY_THREE_MINUTES = '100 100 100 280 280 280 460 460 460 640 640 640 820';

export const consoleAlerts: readonly AlertRule[] = [
  {
    name: 'ConsoleDown',
    severity: 'warning',
    // An installation without a console has no such series.
    expr: 'group by (namespace) (last_over_time(console_build_info[1d])) unless group by (namespace) (console_build_info)',
    for: '10m',
    summary: "The operator's console cannot be scraped",
    description:
      'The console is not running, or Prometheus cannot reach it. Events are delivered all the same. A day after a console was taken away, this ends.',
    runbook: 'The console is down',
    fires: [{ when: 'it is gone', input: { [BUILD]: '1x10 stale' }, at: '30m', labels: [PROD] }],
    silent: [
      { when: 'it is replaced by another pod', input: { [BUILD]: '1x5 stale _x3 1x30' }, at: '8m' },
      { when: 'it runs', input: { [BUILD]: '1x60' }, at: '30m' },
      {
        when: 'there has never been one',
        input: { 'ingest_build_info{namespace="prod",instance="i1",version="1.0.0"}': '1x60' },
        at: '30m',
      },
    ],
  },
  {
    name: 'ConsoleCrashLoop',
    severity: 'warning',
    expr: 'changes(process_start_time_seconds[15m]) > 2\nand on (namespace, job, instance) console_build_info',
    for: '0m',
    summary: "The operator's console restarts again and again: {{ $labels.instance }}",
    description: 'The console at {{ $labels.instance }} has started more than twice within a quarter of an hour.',
    runbook: 'A service exits with 1',
    fires: [
      {
        when: 'it starts every three minutes',
        input: { [startOf('console')]: EVERY_THREE_MINUTES, [BUILD]: '1x20' },
        at: '12m',
        labels: [{ namespace: 'prod', job: 'console', instance: 'x1' }],
      },
    ],
    silent: [
      {
        when: 'a process of somebody else does',
        input: { [startOf('other')]: EVERY_THREE_MINUTES, [BUILD]: '1x20' },
        at: '12m',
      },
      { when: 'it was restarted once', input: { [startOf('console')]: '100x5 400x20', [BUILD]: '1x30' }, at: '12m' },
    ],
  },
  {
    name: 'ConsoleLoginsRefused',
    severity: 'warning',
    expr: 'sum by (namespace) (increase(console_logins_total{result=~"refused|limited"}[15m])) > 50',
    for: '0m',
    summary: "Many log-ins at the operator's console are refused",
    description:
      'More than 50 attempts within a quarter of an hour were refused: somebody may be guessing passwords, or a program has an old one.',
    runbook: 'Many log-ins at the console are refused',
    fires: [
      {
        when: 'somebody guesses passwords',
        input: { [logins('refused')]: '0+2x30', [logins('limited')]: '0+10x30' },
        at: '20m',
        labels: [PROD],
      },
    ],
    silent: [
      { when: 'people mistype theirs', input: { [logins('refused')]: '0+2x30' }, at: '20m' },
      { when: 'many sign in at the start of their day', input: { [logins('accepted')]: '0+20x30' }, at: '20m' },
    ],
  },
  {
    name: 'ConsoleLoginsFail',
    severity: 'warning',
    expr: [
      'sum by (namespace) (increase(console_logins_total{result="failed"}[15m])) > 2',
      'unless sum by (namespace) (increase(console_logins_total{result="accepted"}[15m])) > 0',
    ].join('\n'),
    for: '5m',
    summary: "Nobody can sign in at the operator's console",
    description: 'Every log-in of the last quarter of an hour has failed at the OpenID provider.',
    runbook: 'Nobody can sign in at the console',
    fires: [
      {
        when: 'the provider answers nobody',
        input: { [logins('failed')]: '0+1x30', [logins('accepted')]: '0x30' },
        at: '20m',
        labels: [PROD],
      },
    ],
    silent: [
      {
        when: 'it has answered nobody for some minutes',
        input: { [logins('failed')]: '0x10 0+1x20', [logins('accepted')]: '0x40' },
        at: '15m',
      },
      {
        when: 'it refuses one, and others are signed in',
        input: { [logins('failed')]: '0+1x30', [logins('accepted')]: '0+1x30' },
        at: '25m',
      },
    ],
  },
  {
    name: 'ConsoleFails',
    severity: 'warning',
    expr: 'sum by (namespace) (increase(console_refused_requests_total{code="console.internal"}[30m])) > 0',
    for: '0m',
    summary: "The operator's console has failed at a request",
    description:
      'A request was answered 500, for a reason that is not in the request. The log of the console has the cause.',
    runbook: 'The console fails',
    fires: [
      { when: 'it has failed once', input: { [refusals('console.internal')]: '0x5 1x30' }, at: '10m', labels: [PROD] },
    ],
    silent: [
      {
        when: 'requests are refused for what is in them',
        input: { [refusals('console.internal')]: '0x30', [refusals('console.request-invalid')]: '0+5x30' },
        at: '20m',
      },
      { when: 'that was an hour ago', input: { [refusals('console.internal')]: '0x5 1x120' }, at: '100m' },
    ],
  },
  {
    name: 'ConsoleJobDelayed',
    severity: 'warning',
    expr: 'max by (namespace) (console_known_jobs{state="delayed"}) > 0',
    for: '15m',
    summary: 'A redrive or dismissal does not go on',
    description:
      'It was begun in the console, and waits to be tried again, or for one of the command line. Its page in the console has the reason.',
    runbook: 'A redrive or dismissal does not end',
    fires: [{ when: 'it waits', input: { [jobs('delayed')]: '0x5 1x40' }, at: '30m', labels: [PROD] }],
    silent: [
      { when: 'it waits for some minutes', input: { [jobs('delayed')]: '0x5 1x40' }, at: '15m' },
      { when: 'another has its turn', input: { [jobs('delayed')]: '0x60', [jobs('waiting')]: '1x60' }, at: '40m' },
    ],
  },
  {
    name: 'ConsoleJobFailed',
    severity: 'warning',
    expr: 'max by (namespace) (delta(console_known_jobs{state="failed"}[1h])) > 0',
    for: '0m',
    summary: 'A redrive or dismissal has failed',
    description:
      'It was begun in the console, and has ended before all was done. What it has sent stays sent; its page in the console has the reason.',
    runbook: 'A redrive or dismissal does not end',
    fires: [{ when: 'one has failed', input: { [jobs('failed')]: '2x30 3x30' }, at: '50m', labels: [PROD] }],
    silent: [
      { when: 'the console starts, and some had failed before', input: { [jobs('failed')]: '_x10 2x60' }, at: '30m' },
      { when: 'that was hours ago', input: { [jobs('failed')]: '2x30 3x200' }, at: '180m' },
      { when: 'others were done', input: { [jobs('failed')]: '2x60', [jobs('done')]: '5x30 6x30' }, at: '50m' },
    ],
  },
];
