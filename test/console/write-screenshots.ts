/** Writes a picture of each page, light and dark, to docs/console: `npm run console:screenshots`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchChromium } from '@astrolabe/testkit/browser';
import { openConsole, untilLoaded } from './console-pages.ts';

const folder = process.argv[2] ?? join(import.meta.dirname, '../../docs/console');

const shots: readonly (readonly [name: string, path: string, heading: string])[] = [
  ['overview', '', 'Overview'],
  ['live', 'live', 'Live'],
  ['trail', 'trail/message/ajs-next-1780000000000-4f1c', 'Trail of ajs-next-1780000000000-4f1c'],
  ['connectors', 'connectors', 'Connectors'],
  ['connector', 'connectors/globex', 'Globex'],
  ['new-connector', 'connectors/new', 'Add a connector'],
  ['dead-letters', 'dead-letters', 'Dead letters'],
  ['dead-letter', 'dead-letters/astrolabe.commands.dlq.v1/3/41', 'Dead letter'],
  ['replays', 'replays', 'Replays'],
  ['replay', 'replays/3f0e8d1c-2b4a-4c6d-8e9f-0a1b2c3d4e5f', 'Replay'],
  ['new-replay', 'replays/new?source=events&range=last&step=range', 'Plan a replay'],
  ['lag', 'lag', 'Lag'],
  ['schemas', 'schemas', 'Schemas'],
  ['topics', 'topics', 'Topics'],
  ['doctor', 'doctor', 'Doctor'],
  ['audit', 'audit', 'Audit'],
  ['jobs', 'jobs', 'Jobs'],
  ['session', 'session', 'You'],
];

await mkdir(folder, { recursive: true });
const browser = await launchChromium(process.env);
const closing = new AsyncDisposableStack();
const opened = await openConsole({ after: (close) => closing.defer(close) }, browser);
for (const colorScheme of ['light', 'dark'] as const) {
  for (const [name, path, heading] of shots) {
    const { page, close } = await opened.open(path, { colorScheme, width: 1_280, height: 800 });
    await untilLoaded(page, heading);
    // A live page has as many rows as have come: its beginning is enough.
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: name !== 'live' });
    await close();
  }
  const { page, close } = await opened.open('dead-letters?connector=acme&code=api.retries-exhausted', {
    colorScheme,
    width: 1_280,
    height: 800,
  });
  await page.getByRole('button', { name: 'Redrive all that match' }).click();
  await page.getByText('Redrive 20,000 dead letters?').waitFor();
  await page.screenshot({ path: join(folder, `redrive-${colorScheme}.png`) });
  await close();
}
const { page } = await opened.open('', { width: 320, height: 640 });
await untilLoaded(page, 'Overview');
await page.screenshot({ path: join(folder, 'overview-narrow.png') });
await closing.disposeAsync();
await browser.close();
