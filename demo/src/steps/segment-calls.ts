/** Steps 1 to 5: the calls of Segment's page about Astrolabe, and an Engage audience, each with its trail. */
import assert from 'node:assert/strict';
import type { CommandKind } from '@astrolabe/schemas';
import type { DemoContext } from '../demo-context.ts';
import type { SdkCall } from '../segment-sender.ts';
import { commandIdOf, followEvent } from './trail.ts';

export const USER_ID = 'userId123';
const EMAIL = 'john.doe@example.com';
const ACCOUNT_ID = '0e8c78ea9d97a7b8185e8632';
const ACCOUNT = { name: 'Initech', industry: 'Technology', employees: 329, plan: 'enterprise', 'total billed': 830 };
const EVENT = 'User Registered';
const EVENT_PROPERTIES = { plan: 'Pro Annual', accountType: 'Facebook' };
const AUDIENCE = 'order_completed_last_30days';

export interface SegmentCallStep {
  readonly title: string;
  readonly call: SdkCall;
  /** What the event must become. */
  readonly commands: readonly CommandKind[];
  /** Checks the state that the API gives back; returns it in words. */
  readonly readBack: (context: DemoContext, messageId: string) => Promise<readonly string[]>;
}

export const segmentCallSteps: readonly SegmentCallStep[] = [
  {
    title: `identify("${USER_ID}", {email: "${EMAIL}"})`,
    call: (analytics) => analytics.identify({ userId: USER_ID, traits: { email: EMAIL } }),
    commands: ['UpsertUser'],
    readBack: async (context) => [await readUser(context, { email: EMAIL })],
  },
  {
    title: `group("${ACCOUNT_ID}", {name: "Initech", ...}) with ${USER_ID}`,
    call: (analytics) => analytics.group({ groupId: ACCOUNT_ID, userId: USER_ID, traits: ACCOUNT }),
    commands: ['UpsertAccount', 'AssociateUser'],
    readBack: async ({ astrolabe }) => {
      const account = await astrolabe.account(ACCOUNT_ID);
      assert.ok(account !== undefined, `the API has no account ${ACCOUNT_ID}`);
      assertProperties(account.properties, ACCOUNT, 'the account');
      const members = (await astrolabe.members(ACCOUNT_ID)).map(({ userId }) => userId);
      assert.equal(members.filter((userId) => userId === USER_ID).length, 1, `${USER_ID} is a member once`);
      return [`account ${JSON.stringify(account.properties)}`, `its members: ${members.join(', ')}`];
    },
  },
  {
    title: `track("${EVENT}", {plan: "Pro Annual", accountType: "Facebook"})`,
    call: (analytics) => analytics.track({ userId: USER_ID, event: EVENT, properties: EVENT_PROPERTIES }),
    commands: ['TrackEvent'],
    readBack: async ({ astrolabe, pipeline }, messageId) => {
      const id = commandIdOf(pipeline.connector.id, messageId, 'TrackEvent');
      const events = (await astrolabe.events(USER_ID)).filter((event) => event.id === id);
      assert.equal(events.length, 1, `events with the id ${id}`);
      const { event, properties } = events[0] ?? {};
      assert.equal(event, EVENT);
      assert.deepEqual(properties, EVENT_PROPERTIES, 'properties of the event');
      return [`event "${EVENT}" ${JSON.stringify(properties)}, once`];
    },
  },
  {
    title: `Engage: ${USER_ID} enters the audience ${AUDIENCE}`,
    call: engageIdentify(true),
    commands: ['UpsertUser'],
    readBack: async (context) => [await readUser(context, { email: EMAIL, [AUDIENCE]: true })],
  },
  {
    title: `Engage: ${USER_ID} leaves it`,
    call: engageIdentify(false),
    commands: ['UpsertUser'],
    readBack: async (context) => [await readUser(context, { email: EMAIL, [AUDIENCE]: false })],
  },
];

export async function runSegmentCall(context: DemoContext, step: SegmentCallStep): Promise<void> {
  const [sent] = await context.segment.send(step.call);
  if (sent === undefined) throw new Error('the SDK sent nothing');
  context.trails.push(sent);
  await followEvent(context, sent, step.commands);
  for (const [index, words] of (await step.readBack(context, sent.messageId)).entries()) {
    context.report.fact(index === 0 ? 'state' : '', words);
  }
}

/** An audience as Engage sends it to a destination: https://segment.com/docs/engage/audiences/send-audience-data */
function engageIdentify(isMember: boolean): SdkCall {
  return (analytics) =>
    analytics.identify({
      userId: USER_ID,
      traits: { [AUDIENCE]: isMember },
      context: { personas: { computation_class: 'audience', computation_key: AUDIENCE } },
      integrations: { All: false, Astrolabe: true },
    });
}

async function readUser({ astrolabe }: DemoContext, expected: Readonly<Record<string, unknown>>): Promise<string> {
  const user = await astrolabe.user(USER_ID);
  assert.ok(user !== undefined, `the API has no user ${USER_ID}`);
  assertProperties(user.properties, expected, USER_ID);
  return `user ${USER_ID} ${JSON.stringify(user.properties)}`;
}

type Properties = Readonly<Record<string, unknown>>;

/** A data folder that is used again may hold more of them, never other values. */
function assertProperties(found: Properties, expected: Properties, whose: string): void {
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(found[name], value, `property "${name}" of ${whose}`);
  }
}
