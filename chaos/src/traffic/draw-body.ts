/** Draws the body of one event, without its messageId and its times. */
import type { JsonObject, JsonValue } from '@astrolabe/schemas';
import { drawUserId, type Cast } from './cast.ts';
import type { Draw } from '@astrolabe/testkit';

export function drawBody(cast: Cast, draw: Draw): JsonObject {
  const userId = drawUserId(cast, draw);
  const groupId = draw.oneOf(cast.accountIds);
  const lot = draw.below(100);
  if (lot < 22) return { type: 'identify', userId, traits: drawProperties(draw), ...drawContext(groupId, draw) };
  if (lot < 28) return { type: 'group', groupId, traits: drawProperties(draw) };
  if (lot < 36) return { type: 'group', groupId, userId, traits: drawProperties(draw) };
  if (lot < 62) return { ...drawTrack(draw), userId, ...drawContext(groupId, draw) };
  if (lot < 68) return { ...drawTrack(draw), anonymousId: draw.oneOf(cast.visitorIds) };
  if (lot < 70) return { ...drawTrack(draw), userId, anonymousId: draw.oneOf(cast.visitorIds) };
  if (lot < 86) return drawComputation(cast, draw);
  if (lot < 89) return { type: draw.oneOf(['page', 'screen']), userId, name: 'Home' };
  if (lot < 90) return { type: 'alias', userId, previousId: draw.oneOf(cast.visitorIds) };
  if (lot < 91) return { type: 'identify', anonymousId: draw.oneOf(cast.visitorIds), traits: drawProperties(draw) };
  if (lot < 94) {
    const integrations = draw.oneOf([{ All: false }, { Astrolabe: false }, { All: false, Mixpanel: true }]);
    return { type: 'identify', userId, traits: drawProperties(draw), integrations };
  }
  if (lot < 95) return { type: 'delete', userId };
  if (lot < 97) return { type: 'unsuppress', userId };
  if (lot < 98) return { type: 'identify', userId, traits: { tooLarge: 18_446_744_073_709_551_616n } };
  return drawInvalid(userId, draw);
}

/** What Engage sends when an audience is computed: one event for each user, many at once, in one of its two forms. */
export function drawComputation(cast: Cast, draw: Draw): JsonObject {
  const userId = drawUserId(cast, draw);
  const integrations = { All: false, Astrolabe: true };
  const name = draw.oneOf(audiences);
  const value = draw.oneOf<JsonValue>([true, false, true, false, 'true', 'false']);
  const personas = { computation_class: 'audience', computation_key: name, namespace: 'spa_1', space_id: 'spa_1' };
  switch (draw.below(7)) {
    case 0: {
      const key = draw.oneOf(traits);
      return {
        type: 'track',
        userId,
        event: 'Trait Computed',
        properties: { trait_key: key, [key]: draw.below(500) },
        context: { personas: { computation_class: 'computed_trait', computation_key: key } },
        integrations,
      };
    }
    case 1:
      return {
        type: 'group',
        groupId: draw.oneOf(cast.accountIds),
        traits: { [name]: value },
        context: { personas },
        integrations,
      };
    case 2:
    case 3:
      return {
        type: 'track',
        userId,
        event: value === true || value === 'true' ? 'Audience Entered' : 'Audience Exited',
        properties: { audience_key: name, [name]: value },
        context: { personas, traits: draw.chance(0.3) ? { plan: `plan-${draw.below(4)}` } : {} },
        integrations,
      };
    default:
      return { type: 'identify', userId, traits: { [name]: value }, context: { personas }, integrations };
  }
}

const audiences = ['order_completed_last_30days', 'Big Spenders', 'at-risk', 'vip', 'j_o_step__opened_x1'];
const traits = ['orders_total', 'Days Since Last Order'];

function drawTrack(draw: Draw): JsonObject {
  return { type: 'track', event: draw.oneOf(eventNames), properties: drawProperties(draw) };
}

const eventNames = ['Order Completed', 'Plan Chosen', 'Signed Up', 'Größe gewählt', 'Page Opened', 'Feature Used'];

/** Now and then what an SDK adds: the user's group, some traits. */
function drawContext(groupId: string, draw: Draw): JsonObject {
  const context: Record<string, JsonValue> = { library: { name: 'analytics-node', version: '2.1.0' } };
  if (draw.chance(0.12)) context['groupId'] = groupId;
  if (draw.chance(0.15)) context['traits'] = drawProperties(draw);
  return draw.chance(0.5) ? { context } : {};
}

/** What ingest has to reject, each with the code that docs/errors.md gives it. */
function drawInvalid(userId: string, draw: Draw): JsonObject {
  return draw.oneOf<JsonObject>([
    { type: 'identyfi', userId },
    { type: 'identify', traits: { plan: 'none' } },
    { type: 'group', userId, traits: {} },
    { type: 'track', userId, properties: {} },
  ]);
}

const propertyNames = ['email', 'plan', 'employees', 'total billed', 'score', 'tags', 'address', 'vip', 'externalId'];
const emailDomains = ['gmail.com', 'umbrella.org', 'mail.gmail.com', 'acme-corp.com', 'acme-corp.com'];

function drawProperties(draw: Draw): JsonObject {
  const properties: Record<string, JsonValue> = {};
  for (let drawn = 1 + draw.below(3); drawn > 0; drawn -= 1) {
    const name = draw.oneOf(propertyNames);
    properties[name] = drawValue(name, draw);
  }
  return properties;
}

function drawValue(name: string, draw: Draw): JsonValue {
  switch (name) {
    case 'email':
      return `person${draw.below(200)}@${draw.oneOf(emailDomains)}`;
    case 'employees':
      return draw.below(100_000);
    case 'total billed':
      return draw.below(100_000) / 100;
    case 'score':
      return draw.chance(0.5) ? null : -draw.below(1_000);
    case 'tags':
      return Array.from({ length: draw.below(4) }, () => `tag-${draw.below(20)}`);
    case 'address':
      return { city: `City ${draw.below(50)}`, geo: { lat: draw.below(90), lon: draw.below(180) + 0.5 } };
    case 'vip':
      return draw.chance(0.5);
    case 'externalId':
      return 9_007_199_254_740_993n + BigInt(draw.below(1_000)) * 2n;
    default:
      return `plan-${draw.below(10)}`;
  }
}
