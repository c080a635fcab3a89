/** Step 4: the connector gets another key on its page, which shows it once; what waited is delivered. */
import assert from 'node:assert/strict';
import { acceptKeys, openPage, see, seeGone, takePicture, type TourContext } from '../tour-context.ts';
import { checkMemberships } from './audience-arrives.ts';
import { toDo } from './calls-are-rejected.ts';

export async function keyIsReplaced(context: TourContext): Promise<void> {
  const { page, report, pipeline } = context;
  const { connector } = pipeline;
  await page.getByRole('button', { name: 'Rotate its key' }).click();
  await page.getByRole('button', { name: 'Make a new key' }).click();
  const dialog = page.getByRole('dialog', { name: 'The new key' });
  await see(context, 'the new key', dialog.getByText('This key is shown once.'));
  const key = (await dialog.locator('.key-once code').textContent())?.trim() ?? '';
  assert.ok(key !== '' && key !== connector.apiKey, 'the new key is another one');
  await acceptKeys(context, key);
  report.fact('API', 'accepts the key that the page has shown');
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await seeGone(context, 'the dialog', dialog);
  assert.ok(!(await page.content()).includes(key), 'the key is gone from the page');
  report.fact('browser', 'shows the key once; closed, the page has its fingerprint only');

  await page.getByRole('button', { name: 'Check its key' }).click();
  await see(context, 'that the key is accepted', page.getByText('Astrolabe accepts it'));
  await see(context, 'that it delivers', page.getByText('delivering'));
  report.fact('browser', 'Astrolabe accepts the key, and the connector is delivering');
  await checkMemberships(context, false);
  await takePicture(context, 'connector');
  await openPage(context, 'Overview');
  await see(context, 'that dead letters wait', toDo(context, 'dead letters wait for a decision'));
  await seeGone(context, 'that the key is refused', toDo(context, 'refuses the key'));
  report.fact('browser', 'the overview no longer says that a key is refused');
}
