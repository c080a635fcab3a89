/** Step 3: the API key is revoked; the overview says so at once, and the commands wait. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS } from '../../demo-context.ts';
import { acceptKeys, factOf, headingOf, see, takePicture, type TourContext } from '../tour-context.ts';
import { checkMemberships, MEMBERS, sendMemberships } from './audience-arrives.ts';
import { toDo } from './calls-are-rejected.ts';

export async function keyIsRevoked(context: TourContext): Promise<void> {
  const { page, report, astrolabe, pipeline } = context;
  const { connector } = pipeline;
  const lastCall = (await astrolabe.calls(0)).at(-1)?.sequence ?? 0;
  await acceptKeys(context);
  report.fact('API', `the key of the connector "${connector.id}" is revoked`);
  await sendMemberships(context, false);
  const refused = await eventually(
    async () => (await astrolabe.calls(lastCall)).filter(({ status }) => status === 401).length || undefined,
    { timeoutMs: STEP_TIMEOUT_MS, describe: 'a call that is answered with 401' },
  );
  assert.ok(refused > 0);

  const banner = toDo(context, `Astrolabe refuses the key of ${connector.id}`);
  await see(context, 'that the key is refused', banner);
  const lag = page.getByRole('region', { name: 'Lag' }).getByRole('listitem').filter({ hasText: 'dispatcher' });
  const waitingRecords = new RegExp(`\\b${MEMBERS.length}\\s*records`);
  await see(context, `that ${MEMBERS.length} commands wait`, lag.filter({ hasText: waitingRecords }));
  report.fact(
    'browser',
    `the overview says: Astrolabe refuses the key of ${connector.id}; ${MEMBERS.length} commands wait`,
  );
  await checkMemberships(context, true);
  await takePicture(context, 'overview');

  await banner.getByRole('link', { name: 'Give it a key that works' }).click();
  await see(context, 'the connector', headingOf(page, connector.name));
  await see(context, 'that it is halted', page.getByText('halted: key refused'));
  const waiting = factOf(page.getByRole('region', { name: 'Delivery' }), 'Waiting for their call');
  await see(context, 'commands that wait', waiting.filter({ hasText: /[1-9]/ }));
  report.fact('browser', `the connector is halted; ${await waiting.innerText()} of its commands wait for their call`);
}
