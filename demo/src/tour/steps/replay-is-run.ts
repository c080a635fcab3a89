/** Step 6: Astrolabe asks for the commands of one user again. The page counts what that would do, then it is done. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS } from '../../demo-context.ts';
import { factOf, headingOf, openPage, see, takePicture, type TourContext } from '../tour-context.ts';
import { MEMBERS } from './audience-arrives.ts';

const [USER] = MEMBERS;
/** The user has entered the audience, and left it. */
const COMMANDS = 2;

export async function replayIsRun(context: TourContext): Promise<void> {
  const { page, report, astrolabe } = context;
  const state = await astrolabe.user(USER);
  const lastCall = (await astrolabe.calls(0)).at(-1)?.sequence ?? 0;
  await openPage(context, 'Replays');
  await page.getByRole('link', { name: 'Plan a replay' }).click();
  await see(context, 'the plan of a replay', headingOf(page, 'Plan a replay'));
  await fillInPlan(context);

  await page.getByRole('button', { name: 'Make the forecast' }).click();
  const dialog = page.getByRole('dialog', { name: 'Forecast of the replay' });
  await see(context, 'what would be sent', dialog.getByText(`Replay ${COMMANDS} commands?`));
  report.fact('browser', `the forecast counts ${COMMANDS} commands of ${USER}; nothing has been sent`);
  assert.deepEqual(await callsFor(context, lastCall), [], 'calls of the forecast');
  await takePicture(context, 'forecast');
  const id = (await dialog.locator('label strong').textContent())?.trim() ?? '';
  await dialog.getByRole('textbox', { name: /^To confirm, type/ }).fill(id);
  await dialog.getByRole('button', { name: `Replay ${COMMANDS} commands` }).click();
  await see(context, 'that it is under way', dialog.getByText('It is under way'));
  await dialog.getByRole('link', { name: 'See how it goes' }).click();

  await see(context, 'the replay', headingOf(page, 'Replay'));
  await see(context, 'that it is finished', page.getByRole('main').getByText('finished'));
  const outcomes = page.getByRole('region', { name: 'What came of it' });
  await see(context, `${COMMANDS} deliveries`, factOf(outcomes, 'Delivered').filter({ hasText: String(COMMANDS) }));
  report.fact('browser', `replay ${id} is finished: ${COMMANDS} delivered`);
  await takePicture(context, 'replay');
  const calls = await eventually(
    async () => {
      const made = await callsFor(context, lastCall);
      return made.length >= COMMANDS ? made : undefined;
    },
    { timeoutMs: STEP_TIMEOUT_MS, describe: `${COMMANDS} calls for ${USER}` },
  );
  assert.deepEqual(
    calls,
    Array.from({ length: COMMANDS }, () => 200),
    'answers to the calls of the replay',
  );
  assert.deepEqual(await astrolabe.user(USER), state, `${USER} after the replay`);
  report.fact(
    'API',
    `${COMMANDS} calls for ${USER}, answered with 200; the user is as before: old data replaces no newer`,
  );
}

/** Source, range and filters; ends at the step of the forecast. */
async function fillInPlan(context: TourContext): Promise<void> {
  const { page } = context;
  const next = page.getByRole('button', { name: 'Next' });
  await page.getByRole('radio', { name: /^Commands/ }).check();
  await next.click();
  await see(context, 'the step of the range', page.getByRole('heading', { name: 'Which part of the topic?' }));
  await next.click();
  await see(context, 'the step of the filters', page.getByRole('heading', { name: 'Which records of it?' }));
  await page.getByRole('textbox', { name: 'User', exact: true }).fill(USER);
  await page.keyboard.press('Tab');
  await page.waitForURL((url) => url.searchParams.get('user') === USER);
  await page.getByRole('radio', { name: /^Is delivered again, once/ }).check();
  await page.waitForURL((url) => url.searchParams.get('force') === 'yes');
  await next.click();
  await see(context, 'the step of the forecast', page.getByRole('heading', { name: 'Forecast', exact: true }));
}

/** Answers to calls that write the user, after the call `lastCall`. */
async function callsFor({ astrolabe }: TourContext, lastCall: number): Promise<readonly (number | null)[]> {
  const calls = await astrolabe.calls(lastCall);
  return calls
    .filter(({ method, path }) => method === 'PUT' && path === `/v1/users/${USER}`)
    .map(({ status }) => status);
}
