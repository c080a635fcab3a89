/** Step 1: Engage sends an audience; the live view shows its events as they come, and the trail where one has been. */
import assert from 'node:assert/strict';
import { eventually } from '@astrolabe/testkit';
import { STEP_TIMEOUT_MS } from '../../demo-context.ts';
import type { SdkCall } from '../../segment-sender.ts';
import { commandIdOf } from '../../steps/trail.ts';
import { headingOf, see, takePicture, type TourContext } from '../tour-context.ts';

const AUDIENCE = 'spent_over_500_last_month';
export const MEMBERS = ['tour-ada', 'tour-ben', 'tour-cleo', 'tour-dan', 'tour-eva'] as const;
/** As many characters of an id as the live view shows. */
const SHOWN_ID = 18;

export async function audienceArrives(context: TourContext): Promise<void> {
  const { page, report, console } = context;
  await page.goto(`${console}/live`);
  await see(context, 'that it reads every topic', page.getByText('Nothing has come yet.'));
  report.fact('browser', `${console}/live reads every topic`);

  const [first = ''] = await sendMemberships(context, true);
  const { connector } = context.pipeline;
  const rows = page.getByRole('table', { name: 'Live rows, newest first' }).getByRole('row');
  const rowOf = (what: string, text: string) =>
    rows.filter({ has: page.getByRole('cell', { name: what, exact: true }) }).filter({ hasText: text });
  const commandId = commandIdOf(connector.id, first, 'UpsertUser');
  const event = rowOf('event', MEMBERS[0]);
  await see(context, `the event of ${MEMBERS[0]}`, event);
  await see(context, `the command of ${MEMBERS[0]}`, rowOf('command', MEMBERS[0]));
  const delivery = rowOf('delivery', commandId.slice(0, SHOWN_ID));
  await see(context, `the delivery of command ${commandId}`, delivery.filter({ hasText: 'delivered, 200' }));
  report.fact('browser', `the event of ${MEMBERS[0]}, its command and its delivery, answered with 200`);
  await checkMemberships(context, true);
  await takePicture(context, 'live');

  await event.getByRole('link').click();
  await see(context, 'the trail of the event', headingOf(page, `Trail of ${first}`));
  await see(context, 'its delivery', page.getByRole('listitem').filter({ hasText: 'delivered, answer 200' }));
  report.fact('browser', `the trail of message ${first}, from its event to the answer of the API`);
  await takePicture(context, 'trail');
}

/** Has Engage say of every member that they are in the audience, or not any more. Resolves with the message ids. */
export async function sendMemberships({ segment, report }: TourContext, isMember: boolean): Promise<readonly string[]> {
  const sent = await segment.send(...MEMBERS.map((userId) => membership(userId, isMember)));
  for (const { status } of sent) assert.equal(status, 200, 'the answer of ingest');
  report.fact('Segment', `${sent.length} users ${isMember ? 'enter' : 'leave'} the audience ${AUDIENCE}: 200 for each`);
  return sent.map(({ messageId }) => messageId);
}

/** An audience as Engage sends it to a destination: https://segment.com/docs/engage/audiences/send-audience-data */
function membership(userId: string, isMember: boolean): SdkCall {
  return (analytics) =>
    analytics.identify({
      userId,
      traits: { email: `${userId}@example.com`, [AUDIENCE]: isMember },
      context: { personas: { computation_class: 'audience', computation_key: AUDIENCE } },
      integrations: { All: false, Astrolabe: true },
    });
}

/** Waits until the API has every member so. */
export async function checkMemberships(
  { astrolabe, report }: Pick<TourContext, 'astrolabe' | 'report'>,
  isMember: boolean,
): Promise<void> {
  await eventually(
    async () => {
      for (const userId of MEMBERS) {
        const user = await astrolabe.user(userId);
        assert.equal(user?.properties[AUDIENCE], isMember, `property ${AUDIENCE} of ${userId}`);
      }
      return true;
    },
    { timeoutMs: STEP_TIMEOUT_MS, describe: `the property ${AUDIENCE} of ${MEMBERS.length} users to be ${isMember}` },
  );
  report.fact('API', `${AUDIENCE} is ${isMember} for all ${MEMBERS.length} of them`);
}
