/**
 * Every change that an operator makes, in the browser and on the real stack, checked where it takes effect. The tests
 * build on each other: what one has changed, the next one finds.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { setTopicSettings } from '@astrolabe/kafka/testing';
import { commandSchemas, subjectFor } from '@astrolabe/schemas/avro';
import { consoleActionNames } from '@astrolabe/operations/audited-actions';
import { readState } from '../e2e/read-state.ts';
import type { ApiCounters } from '../e2e/operator.ts';
import { untilLoaded, violations } from './console-pages.ts';
import { BIG, startRealConsole, textsOf, untilFact, untilTexts } from './real-console.ts';
import { track, until, type Place } from './real-traffic.ts';

const real = await startRealConsole({ after }, 'console-actions', [{ id: 'acme', name: 'Acme GmbH' }]);
const { pipeline, apiKeys, ask, post, astrolabe } = real;
const { addresses } = pipeline;
const keyOf = (connector: string): string => apiKeys[connector] ?? assert.fail(`there is no connector ${connector}`);

/** In a tab of its own, in which nothing may go wrong. */
async function inTab(path: string, heading: string, act: (page: Page) => Promise<unknown>): Promise<void> {
  const { page, errors, foreign, close } = await real.open(path);
  await untilLoaded(page, heading);
  await act(page);
  assert.deepEqual([errors, foreign], [[], []]);
  await close();
}

interface EntryOfFile {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
  readonly writeKeys?: readonly string[];
  readonly enabled?: boolean;
  readonly freeEmailProviders?: string;
}

async function entryOf(id: string): Promise<EntryOfFile> {
  const file = JSON.parse(await readFile(pipeline.folder.connectorsFile, 'utf8')) as { connectors: EntryOfFile[] };
  return file.connectors.find((each) => each.id === id) ?? assert.fail(`the file has no connector ${id}`);
}

const button = (within: Page | Locator, name: string): Locator => within.getByRole('button', { name, exact: true });

/** What the link leads to, as the browser has stored it. */
async function download(page: Page, name: string): Promise<string> {
  const begun = page.waitForEvent('download');
  await page.getByRole('link', { name }).click();
  return readFile(await (await begun).path(), 'utf8');
}

const isTaken = async (key: string): Promise<boolean> =>
  (await fetch(`${addresses.astrolabe}/v1/users`, { headers: { authorization: `Bearer ${key}` } })).ok;

test('a connector is added: its key is shown once, and a test event is followed to the answer of the API', async () => {
  await inTab('connectors/new', 'Add a connector', async (page) => {
    await page.getByLabel('Name of the customer or project').fill('Initech');
    await button(page, 'Add it and make its key').click();
    const key = await page.getByText(/^initech_\S{32}$/).innerText();
    assert.equal((await entryOf('initech')).apiKey, key);
    await until('the API to take the key', () => isTaken(key));
    await button(page, 'I have copied it').click();
    await page.getByText(`POST ${addresses.ingest}/webhook/initech`).waitFor();
    assert.ok(!(await page.content()).includes(key), 'the key is nowhere any more');
    await button(page, 'It is entered').click();
    for (const [{ process: service }] of Object.values(pipeline.services)) {
      const isRead = (): boolean => service.logs().some((line) => line.includes('"added":["initech"]'));
      await until(`${service.name} to read the file`, async () => isRead());
    }
    await button(page, 'Send a test event').click();
    const steps = page.getByRole('region', { name: 'Test event' }).getByRole('listitem');
    await untilTexts(steps, [/sent message console-test-/, /stored/, /mapped/, /answered delivered with 20\d/]);
    await button(page, 'Check its key').click();
    await page.getByText('Astrolabe accepts it').waitFor();
    assert.deepEqual(await violations(page), []);
  });
  const { events } = await readState(addresses.astrolabe, (await entryOf('initech')).apiKey);
  assert.match(events.join('\n'), /"Console Test"/);
});

test('a connector is edited, and switched off and on; its page and the file have it at once', async () => {
  await inTab('connectors/initech', 'Initech', async (page) => {
    const settings = page.getByRole('region', { name: 'Settings' });
    const dialog = page.getByRole('dialog');
    await button(page, 'Edit').click();
    await dialog.getByLabel('Name').fill('Initech (EU)');
    await dialog.getByRole('radio', { name: /^Skip/ }).check();
    await button(dialog, 'Save').click();
    await untilLoaded(page, 'Initech (EU)');
    await untilFact(settings, 'Free email providers', 'skipped');
    const { name, freeEmailProviders } = await entryOf('initech');
    assert.deepEqual([name, freeEmailProviders], ['Initech (EU)', 'block']);
    await button(page, 'Switch off').click();
    await button(dialog, 'Switch off Initech (EU)').click();
    await untilFact(settings, 'Switched', /^off/);
    assert.equal((await entryOf('initech')).enabled, false);
    await button(page, 'Switch on').click();
    await button(dialog, 'Switch on Initech (EU)').click();
    await untilFact(settings, 'Switched', 'on');
    assert.notEqual((await entryOf('initech')).enabled, false);
  });
});

test('a key is rotated, and the old one is retired by its fingerprint', async () => {
  const { apiKey: oldKey } = await entryOf('initech');
  await inTab('connectors/initech', 'Initech (EU)', async (page) => {
    const settings = page.getByRole('region', { name: 'Settings' });
    const dialog = page.getByRole('dialog');
    const [fingerprint = ''] = await textsOf(
      settings
        .getByText(/^fingerprint/)
        .locator('code')
        .first(),
    );
    await button(page, 'Rotate its key').click();
    await button(dialog, 'Make a new key').click();
    const key = await dialog.getByText(/^initech_\S{32}$/).innerText();
    const { apiKey, writeKeys } = await entryOf('initech');
    assert.deepEqual([apiKey, writeKeys], [key, [oldKey]]);
    await until('the API to take the key', () => isTaken(key));
    await button(dialog, 'I have it').click();
    await untilFact(settings, 'Write keys', `fingerprint ${fingerprint}`);
    await button(page, 'Retire an old key').click();
    assert.equal(await dialog.getByLabel('Write key, by its fingerprint').inputValue(), fingerprint);
    await button(dialog, 'Retire this key').click();
    await untilFact(settings, 'Write keys', 'none');
  });
  assert.deepEqual((await entryOf('initech')).writeKeys ?? [], []);
});

const COUNT = 300;
const filter = 'connector=acme&code=api.rejected';
const counted = (page: Page, text: string): Promise<void> => page.getByText(text).waitFor();
const eventsOfAcme = async (): Promise<readonly string[]> =>
  (await readState(addresses.astrolabe, keyOf('acme'))).events;

/** Sorted: partitions are read side by side. */
const linesOf = (text: string): readonly string[] => text.trimEnd().split('\n').toSorted();

/** Closes the dialog of a change that is under way. */
async function closeAccepted(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByText('It is under way').waitFor();
  await button(dialog, 'Close').last().click();
}

test('dead letters are redriven, dismissed, exported and edited, one at a time', async () => {
  await real.answerWith('acme', 400);
  await real.send('acme', [
    ...Array.from({ length: COUNT }, (_, index) => track(`u${index}`, 'Refused', `m-${index}`)),
    { type: 'track', userId: 'u-edit', messageId: 'm-edit', properties: { big: 'BIG' } },
  ]);
  await inTab(`dead-letters?${filter}`, 'Dead letters', (page) =>
    counted(page, `${COUNT} wait; 0 redriven, 0 dismissed.`),
  );
  await real.answerWith('acme', undefined);

  await inTab('trail/message/m-0', 'Trail of m-0', async (page) => {
    await page.getByRole('link', { name: 'Open it, to send it again' }).click();
    await untilLoaded(page, 'Dead letter');
    await button(page, 'Redrive').click();
    await button(page.getByRole('dialog'), 'Redrive 1 dead letter').click();
    await closeAccepted(page);
    await page.getByText(/^\s*It was redriven/).waitFor();
  });
  await until('the event', async () => (await eventsOfAcme()).length === 1);

  await inTab('trail/message/m-1', 'Trail of m-1', async (page) => {
    await page.getByRole('link', { name: 'Open it, to send it again' }).click();
    await untilLoaded(page, 'Dead letter');
    await button(page, 'Dismiss').click();
    await page.getByLabel('Why are they not to be sent?').fill('the customer does not want it');
    await button(page, 'Count them').click();
    await button(page.getByRole('dialog'), 'Dismiss 1 dead letter').click();
    await closeAccepted(page);
    await page.getByText(/^\s*It was dismissed .*: the customer does not want it/).waitFor();
  });

  await inTab(`dead-letters?${filter}`, 'Dead letters', async (page) => {
    await counted(page, `${COUNT - 2} wait; 1 redriven, 1 dismissed.`);
    const exported = linesOf(await download(page, 'Export as JSON lines'));
    assert.equal(exported.length, COUNT - 2);
    const printed = await astrolabe('dlq', 'export', '--connector', 'acme', '--code', 'api.rejected');
    assert.deepEqual(exported, linesOf(printed));
  });

  const { records } = await ask<{ records: readonly Place[] }>('/dead-letters/records?code=event.invalid');
  const { topic, partition, offset } = records[0] ?? assert.fail('the rejected event was not dead-lettered');
  await inTab(`dead-letters/${topic}/${partition}/${offset}`, 'Dead letter', async (page) => {
    await button(page, 'Edit, then redrive').click();
    const editor = page.getByRole('dialog').getByRole('textbox');
    await editor.fill((await editor.inputValue()).replace('"type": "track"', '"type": "track", "event": "Repaired"'));
    await button(page, 'Redrive with these changes').click();
    await page.getByText('It was sent back to its topic, with your changes.').waitFor();
    await button(page.getByRole('dialog'), 'Close').last().click();
    await page.getByText(/^\s*It was redriven/).waitFor();
  });
  await until('the edited event', async () => (await eventsOfAcme()).some((event) => event.includes('"Repaired"')));
  const headers = { authorization: `Bearer ${keyOf('acme')}` };
  const stored = await (await fetch(`${addresses.astrolabe}/v1/events`, { headers })).text();
  assert.match(stored, new RegExp(`"big": ?${BIG}`));
});

test('a job is cancelled, the rest is redriven after its count was typed, and a second tab shows both', async () => {
  const second = await real.open(`dead-letters?${filter}`);
  await counted(second.page, `${COUNT - 2} wait; 1 redriven, 1 dismissed.`);
  const slow = { connector: 'acme', code: 'api.rejected', recordsPerSecond: 1 };
  const { planId } = await post<{ planId: string }>('/plans/redrive', slow);
  const { id } = await post<{ id: string }>(`/plans/${planId}/execute`, { confirmation: String(COUNT - 2) });
  await inTab(`jobs?id=${id}`, 'Jobs', async (page) => {
    await page.getByText(/^\S+ running$/).waitFor();
    await button(page, 'Cancel').click();
    await page.getByText(/^\S+ cancelled$/).waitFor();
  });
  const job = await ask<{ state: string; counts: { redriven: number } }>(`/jobs/${id}`);
  assert.equal(job.state, 'cancelled');
  const left = COUNT - 2 - job.counts.redriven;
  assert.ok(left > 100, `${job.counts.redriven} were redriven before`);
  await counted(second.page, `${left} wait; ${COUNT - 1 - left} redriven, 1 dismissed.`);

  await inTab(`dead-letters?${filter}`, 'Dead letters', async (page) => {
    const dialog = page.getByRole('dialog');
    await button(page, 'Redrive all that match').click();
    const confirm = button(dialog, `Redrive ${left} dead letters`);
    await confirm.waitFor();
    assert.deepEqual(await violations(page), []);
    await dialog.getByRole('textbox').fill(String(left - 1));
    assert.ok(await confirm.isDisabled());
    await dialog.getByRole('textbox').fill(String(left));
    await confirm.click();
    await dialog.getByRole('link', { name: 'See how it goes' }).click();
    await untilLoaded(page, 'Jobs');
    await page
      .getByRole('row')
      .filter({ hasText: `redriven ${left}` })
      .getByText(/^\S+ done$/)
      .waitFor();
  });
  await counted(second.page, `0 wait; ${COUNT - 1} redriven, 1 dismissed.`);
  assert.deepEqual(second.errors, []);
  await second.close();
  await until('all events', async () => (await eventsOfAcme()).length === COUNT);
});

/** Opens the dialog of the forecast and returns it with what it would send. */
async function forecast(page: Page): Promise<{ readonly dialog: Locator; readonly count: number }> {
  await button(page, 'Make the forecast').click();
  const dialog = page.getByRole('dialog');
  const question = await dialog.getByText(/^Replay [\d,]+ \w+\?$/).innerText();
  return { dialog, count: Number(question.replaceAll(/\D/g, '')) };
}

test('a replay is planned, counted, started, paused, resumed and cancelled, and a second tab shows it', async () => {
  await inTab('replays/new', 'Plan a replay', async (page) => {
    await page.getByRole('radio', { name: /^Events/ }).check();
    await button(page, 'Next').click();
    await page.getByRole('radio', { name: /^All that the topic still holds/ }).check();
    await button(page, 'Next').click();
    await page.getByLabel('At most so many records a second').fill('1');
    await button(page, 'Next').press('Enter');
    const { dialog, count } = await forecast(page);
    // The one that was edited as well, and the test event.
    assert.equal(count, COUNT + 2);
    await dialog.getByRole('textbox').fill(String(count));
    await button(dialog, `Replay ${count} events`).click();
    await dialog.getByRole('link', { name: 'See how it goes' }).click();
    await untilLoaded(page, 'Replay');
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const second = await real.open('replays');
    const row = second.page.getByRole('row').filter({ hasText: id });
    const untilPhase = async (phase: string): Promise<void> => {
      for (const place of [page, row]) await place.getByText(new RegExp(`^\\S+ ${phase}$`)).waitFor();
    };
    await untilPhase('running');
    await button(page, 'Pause').click();
    await untilPhase('paused');
    await button(page, 'Resume').click();
    await untilPhase('running');
    await button(page, 'Cancel').click();
    await button(dialog, 'Cancel the replay').click();
    await untilPhase('cancelled');
    const { replay } = await ask<{ replay: { value: { phase: string } } }>(`/replays/${id}`);
    assert.equal(replay.value.phase, 'cancelled');
    assert.deepEqual(second.errors, []);
    await second.close();
  });
});

test('a replay that is forced wants its id typed, and Astrolabe executes its commands a second time', async () => {
  const executed = async (): Promise<number> => {
    const counters = (await (await fetch(`${addresses.astrolabe}/__reference/counters`)).json()) as ApiCounters;
    return counters.applied + counters.unchanged;
  };
  const before = await executed();
  const plan = 'replays/new?source=commands&range=all&user=u-edit&force=yes&step=forecast';
  await inTab(plan, 'Plan a replay', async (page) => {
    const { dialog, count } = await forecast(page);
    assert.equal(count, 1);
    const confirm = button(dialog, 'Replay 1 command');
    await dialog.getByRole('textbox').fill('1');
    assert.ok(await confirm.isDisabled());
    await dialog.getByRole('textbox').fill(await dialog.getByText(/^[\da-f]{8}-[-\da-f]{27}$/).innerText());
    await confirm.click();
    await dialog.getByRole('link', { name: 'See how it goes' }).click();
    await untilLoaded(page, 'Replay');
    await page.getByText(/^\S+ finished$/).waitFor();
    await untilFact(page.getByRole('region', { name: 'What came of it' }), 'Delivered', '1');
  });
  assert.equal((await executed()) - before, 1);
});

test('topics and schemas that differ from this build are made as it declares them', async () => {
  const topic = pipeline.topics.segmentEventsDeadLetters.name;
  const admin = await createKafkaAdmin(pipeline.kafka);
  await setTopicSettings(admin, [topic], { 'retention.ms': '3600000' });
  const subject = subjectFor(pipeline.topics.commands.name, commandSchemas.DeleteUser.fullName);
  const removed = await fetch(`${addresses.schemaRegistry}/subjects/${subject}`, { method: 'DELETE' });
  assert.ok(removed.ok, await removed.text());

  await inTab('topics', 'Topics', async (page) => {
    await page.getByText('not in order').waitFor();
    await page.getByRole('listitem').filter({ hasText: 'retention.ms' }).first().waitFor();
    await button(page, 'Apply').click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Make \d+ changes?$/ })
      .click();
    await page.getByRole('row').filter({ hasText: topic }).getByText('in order').waitFor();
    await page.getByText('not in order').waitFor({ state: 'detached' });
  });
  const plan = await admin.planTopics(Object.values(pipeline.topics), 1).finally(() => admin.close());
  assert.deepEqual([plan.configure, plan.create, plan.addPartitions], [[], [], []]);

  await inTab('schemas', 'Schemas', async (page) => {
    await page.getByText('1 schema missing').waitFor();
    await button(page, 'Register what is missing').click();
    await button(page.getByRole('dialog'), 'Register 1 schema').click();
    await page.getByRole('row').filter({ hasText: subject }).getByText('registered').waitFor();
  });
  const versions = await fetch(`${addresses.schemaRegistry}/subjects/${subject}/versions`);
  assert.ok(versions.ok, await versions.text());
});

test('each of the changes above is in the audit, which is exported as the command line prints it', async () => {
  await inTab('audit', 'Audit', async (page) => {
    const exported = await download(page, 'Export as JSON lines');
    assert.equal(exported, await astrolabe('audit', 'export'));
    const entries = exported
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { action: string; caller: { program: string }; result?: { kind: string } });
    const done = entries.filter(({ caller, result }) => caller.program === 'console' && result?.kind === 'done');
    const tried = new Set(done.map(({ action }) => action));
    assert.deepEqual(
      consoleActionNames.filter((name) => !tried.has(name)),
      [],
      'a change that the console offers and no test above makes',
    );
    assert.equal(await page.getByRole('main').getByRole('listitem').count(), entries.length);
  });
});
