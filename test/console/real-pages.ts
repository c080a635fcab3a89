/** The pages on the real stack, and what each has to show of what was sent. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { BIG, textsOf, untilFact, untilTexts, type RealConsole } from './real-console.ts';
import type { Sent } from './real-traffic.ts';

export interface RealPage {
  readonly path: string;
  readonly heading: string;
  /** Resolves once the page shows what was sent. */
  readonly shows: (page: Page, real: RealConsole) => Promise<unknown>;
}

/** `sent`: what `sendTraffic` has sent. */
export function realPages(sent: Sent): readonly RealPage[] {
  return [...watching, ...repairing(sent), ...settingUp];
}

const watching: readonly RealPage[] = [
  { path: '?period=5m', heading: 'Overview', shows: overviewShows },
  { path: 'live', heading: 'Live', shows: (page) => page.getByRole('status').getByText('Live').waitFor() },
  { path: 'trail', heading: 'Trail', shows: (page) => page.getByText('Which id?').waitFor() },
  { path: 'trail/message/m-identify', heading: 'Trail of m-identify', shows: trailShows },
  { path: 'trail/user/u3?connector=initech', heading: 'Trail of u3', shows: waitShows },
  { path: 'lag', heading: 'Lag', shows: lagShows },
];

function repairing({ refused, replayId }: Sent): readonly RealPage[] {
  return [
    { path: 'dead-letters', heading: 'Dead letters', shows: causesShow },
    {
      path: 'dead-letters?topic=commands&connector=globex&code=api.rejected',
      heading: 'Dead letters',
      shows: (page) => {
        const list = region(page, 'One by one').getByRole('row').filter({ hasText: 'waiting' });
        return untilTexts(list, [/globex/, /globex/, /globex/]);
      },
    },
    {
      path: `dead-letters/${refused.topic}/${refused.partition}/${refused.offset}`,
      heading: 'Dead letter',
      shows: deadLetterShows,
    },
    {
      path: 'replays',
      heading: 'Replays',
      shows: (page) => untilTexts(rows(page, 'Replays, newest first', replayId), [/finished 100 % .* 0 1 0$/]),
    },
    { path: `replays/${replayId}`, heading: 'Replay', shows: replayShows },
    {
      path: 'replays/new?source=events&range=all&connector=acme&step=forecast',
      heading: 'Plan a replay',
      shows: (page) => page.getByRole('button', { name: 'Make the forecast' }).waitFor(),
    },
    {
      path: 'jobs',
      heading: 'Jobs',
      shows: (page) =>
        untilTexts(rows(page, 'Jobs', 'dismiss'), [/cause event\.invalid .*done dismissed 1 .*by local$/]),
    },
  ];
}

const settingUp: readonly RealPage[] = [
  { path: 'connectors', heading: 'Connectors', shows: connectorsShow },
  { path: 'connectors/acme', heading: 'Acme GmbH', shows: connectorShows },
  {
    path: 'connectors/initech',
    heading: 'Initech',
    shows: (page) => page.getByText('Astrolabe refuses the key of this connector.').waitFor(),
  },
  {
    path: 'connectors/new',
    heading: 'Add a connector',
    shows: (page) => page.getByLabel('Name of the customer or project').waitFor(),
  },
  {
    path: 'schemas',
    heading: 'Schemas',
    shows: (page) => untilTexts(rows(page, 'Schemas of commands', 'registered'), Array(5).fill(/ registered \d+ /)),
  },
  {
    path: 'topics',
    heading: 'Topics',
    shows: (page, { pipeline }) => {
      const names = Object.values(pipeline.topics).map(({ name }) => startingWith(name));
      return untilTexts(rows(page, 'Topics', 'in order'), names);
    },
  },
  {
    path: 'doctor',
    heading: 'Doctor',
    shows: (page) => page.getByRole('listitem').filter({ hasText: 'problem connector initech' }).waitFor(),
  },
  { path: 'audit', heading: 'Audit', shows: auditShows },
  { path: 'session', heading: 'You', shows: sessionShows },
  { path: 'nowhere', heading: 'There is nothing here', shows: async () => undefined },
];

function region(page: Page, name: string): Locator {
  return page.getByRole('region', { name, exact: true });
}

/** Those of the table that have the text. */
function rows(page: Page, table: string, text: string): Locator {
  return page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: text });
}

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replaceAll('.', '\\.')} `);
}

async function overviewShows(page: Page): Promise<void> {
  const toDo = page.getByRole('list', { name: 'To do' });
  await toDo.getByText('Astrolabe refuses the key of initech.').waitFor();
  await toDo.getByText('3 dead letters wait for a decision.').waitFor();
  await untilTexts(region(page, 'From event to delivery').locator('ol > li'), [
    /^Received 8\b/,
    /^Rejected 1\b/,
    /^Skipped 1\b.*unsupported-type 1$/,
    /^Dead 0\b/,
    /^Mapped 6\b/,
    /^Made 6\b/,
    /^Waiting now [1-9]/,
    /^Dead 3\b.*api\.rejected 3$/,
    /^Duplicate 0\b/,
    /^Delivered 2\b/,
  ]);
  await region(page, 'Freshness').getByText('2 deliveries').waitFor();
  await untilTexts(region(page, 'Connectors in trouble').getByRole('listitem').filter({ hasText: 'halted' }), [
    /^initech /,
  ]);
  const instances = [/^ingest .*watched/, /^mapper .*watched/, /^dispatcher .*watched/];
  await untilTexts(region(page, 'Instances').getByRole('listitem'), instances);
  await region(page, 'The doctor’s findings').getByText('connector initech').first().waitFor();
}

async function trailShows(page: Page): Promise<void> {
  const main = page.getByRole('main');
  await untilTexts(main.getByRole('listitem').filter({ hasText: 'partition' }), [
    /event .*segment\.events\.v1, partition \d/,
    /command .*UpsertUser.* Ledger delivered, answer 20\d/,
    /delivery .*delivered, answer 20\d/,
  ]);
  for (const summary of await main.getByText('What is stored').all()) await summary.click();
  for (const name of ['Stored event', 'Decoded command', 'Body of the call']) {
    const [text = ''] = await textsOf(region(page, name));
    assert.ok(text.includes(`"big": ${BIG}`) && text.includes('<img onerror=x>'), `${name}: ${text}`);
  }
  await main.getByText('PUT /v1/users/u1').waitFor();
  assert.equal(await main.locator('img').count(), 0, 'what was sent stays text');
}

async function waitShows(page: Page): Promise<void> {
  await page.getByText(/^Waiting: .*Astrolabe refuses the key of connector initech, so its commands wait/).waitFor();
}

async function connectorsShow(page: Page): Promise<void> {
  await rows(page, 'Connectors', 'Acme GmbH').getByText('delivering').waitFor();
  await rows(page, 'Connectors', 'Initech').getByText('halted: key refused').waitFor();
  await rows(page, 'Connectors', 'Globex').getByRole('link', { name: '3', exact: true }).waitFor();
}

async function connectorShows(page: Page, { ask, apiKeys }: RealConsole): Promise<void> {
  await untilFact(region(page, 'Delivery'), 'Circuit', 'closed');
  await untilFact(region(page, 'Delivery'), 'Calls in flight', /^0 of at most [1-4]$/);
  const settings = region(page, 'Settings');
  const known = await ask<{ settings: { value: { apiKey: { fingerprint: string } } } }>('/connectors/acme');
  await untilFact(settings, 'API key', `fingerprint ${known.settings.value.apiKey.fingerprint}`);
  await untilFact(settings, 'Events it may send', '500 a second, 1,000 at once');
  await untilFact(settings, 'Calls', 'as the services are set, 4 in flight');
  assert.ok(!(await page.content()).includes(apiKeys['acme'] ?? ''), 'the key is nowhere');
}

async function causesShow(page: Page): Promise<void> {
  await page.getByText('3 wait; 0 redriven, 1 dismissed.').waitFor();
  const cells = rows(page, 'Dead letters by cause and connector', 'api.rejected').getByRole('cell');
  await untilTexts(cells, [/^api\.rejected .*customer to act\.$/, 'globex', '3', /ago|now/, /400/]);
}

async function deadLetterShows(page: Page): Promise<void> {
  const main = page.getByRole('main');
  await main.getByText('It is for the customer to act.').waitFor();
  await untilTexts(region(page, 'Decoded command'), [/"kind": "TrackEvent".*"event": "Refused"/]);
  await main.getByText('POST /v1/events').waitFor();
  await main.getByRole('link', { name: 'm-refused-' }).waitFor();
}

async function replayShows(page: Page): Promise<void> {
  const counts = [
    ['Read', '7'],
    ['Matched the filters', '1'],
    ['Filtered out', '6'],
    ['Events mapped', '1'],
    ['Events skipped', '0'],
    ['Commands made', '1'],
    ['Delivered before, so not sent', '1'],
    ['Delivered', '0'],
    ['Under way', '0'],
  ] as const;
  for (const [name, count] of counts) await untilFact(region(page, 'What came of it'), name, count);
}

async function lagShows(page: Page, { pipeline }: RealConsole): Promise<void> {
  await region(page, 'Lag of mapper').getByText('0 records').waitFor();
  const admin = await createKafkaAdmin(pipeline.kafka);
  const ends = await admin.watermarks(pipeline.topics.segmentEvents.name).finally(() => admin.close());
  const table = page.getByRole('table', { name: 'Lag of mapper by partition' });
  const rate = '(not known|\\S+)';
  await untilTexts(table.getByRole('row'), [
    /^Partition Records/,
    ...ends.map(
      ({ partition, highWatermark }) => new RegExp(`^${partition} (≈ )?0 .* ${highWatermark} ${rate} ${rate}$`),
    ),
  ]);
}

async function auditShows(page: Page): Promise<void> {
  const by = 'by local, admin, with the console from 127\\.0\\.0\\.1';
  const entries = page.getByRole('main').getByRole('listitem');
  await untilTexts(entries.filter({ hasText: 'start-replay' }), [
    new RegExp(`^\\S+ done start-replay replay .* of events .*${by}`),
  ]);
  await untilTexts(entries.filter({ hasText: 'dismissed 1' }), [
    new RegExp(`^\\S+ done dismiss dead letters: cause event\\.invalid .*${by}`),
  ]);
}

async function sessionShows(page: Page): Promise<void> {
  await untilFact(region(page, 'Who you are here'), 'Name in the audit', 'local');
  await untilFact(region(page, 'Who you are here'), 'Role', 'admin');
  await untilFact(region(page, 'What you may change'), 'redrive-edited', 'yes');
}
