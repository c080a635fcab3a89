/** Step 5: all dead letters are sent again from the page, after their count was typed; each has its effect once. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS } from '../../demo-context.ts';
import { headingOf, openPage, see, takePicture, type TourContext } from '../tour-context.ts';
import { toDo } from './calls-are-rejected.ts';

export async function deadLettersAreRedriven(context: TourContext): Promise<void> {
  const { page, report, astrolabe, deadCommands } = context;
  const count = deadCommands.length;
  await toDo(context, 'dead letters wait').getByRole('link', { name: 'See their causes' }).click();
  await see(context, 'the dead letters', headingOf(page, 'Dead letters'));
  const causes = page.getByRole('table', { name: 'Dead letters by cause and connector' });
  await see(context, 'their cause', causes.getByRole('row').filter({ hasText: 'api.rejected' }));
  report.fact('browser', `${count} wait; their cause is api.rejected`);
  await takePicture(context, 'dead-letters');

  await page.getByRole('button', { name: 'Redrive all that match' }).click();
  const dialog = page.getByRole('dialog', { name: 'Redrive dead letters' });
  await see(context, 'how many would be redriven', dialog.getByText(`Redrive ${count} dead letters?`));
  const confirm = dialog.getByRole('button', { name: `Redrive ${count} dead letters` });
  assert.ok(await confirm.isDisabled(), 'nothing is redriven before the count is typed');
  await dialog.getByRole('textbox', { name: /^To confirm, type/ }).fill(String(count));
  await takePicture(context, 'redrive');
  await confirm.click();
  await see(context, 'that it is under way', dialog.getByText('It is under way'));
  await dialog.getByRole('link', { name: 'See how it goes' }).click();
  await see(context, 'the jobs', headingOf(page, 'Jobs'));
  const job = page.getByRole('table', { name: 'Jobs' }).getByRole('row').filter({ hasText: 'redrive' });
  await see(context, 'that it is done', job.filter({ has: page.getByRole('cell', { name: 'done', exact: true }) }));
  report.fact('browser', `the redrive was counted, confirmed by typing ${count}, and is done`);

  await eventually(
    async () => {
      const ids = (await astrolabe.events()).map(({ id }) => id);
      assert.deepEqual(ids.toSorted(), deadCommands.toSorted(), 'events at the API');
      return true;
    },
    { timeoutMs: STEP_TIMEOUT_MS, describe: `all ${count} events at the API, each once` },
  );
  report.fact('API', `all ${count} events, each once`);
  await openPage(context, 'Dead letters');
  await see(context, `that all ${count} are redriven`, page.getByText(new RegExp(`\\b${count}\\s*redriven`)));
  report.fact('browser', `no dead letter waits; ${count} are redriven`);
}
