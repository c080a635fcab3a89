/** Other mapping rules: page views are tracked, and events named Dropped are not. */
import { mapEvent as mapByFirstRules, type MappedEvent } from '../../services/mapper/src/core/map-event.ts';

export function mapEvent(
  ...[event, facts, rules, userState, clockMs]: Parameters<typeof mapByFirstRules>
): MappedEvent {
  if (event.type === 'page') {
    return mapByFirstRules({ ...event, type: 'track', event: 'Viewed a page' }, facts, rules, userState, clockMs);
  }
  if (event.type === 'track' && event.event === 'Dropped') {
    return { mapping: { kind: 'skipped', reason: 'unsupported-type' }, nextUserState: userState };
  }
  return mapByFirstRules(event, facts, rules, userState, clockMs);
}
