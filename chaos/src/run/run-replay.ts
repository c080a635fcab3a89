/** Has an operator start a replay, and pause or cancel it on the way, as the schedule says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin } from '@astrolabe/kafka';
import type { ReplayRequest } from '@astrolabe/operations';
import { eventually } from '@astrolabe/testkit';
import type { OperatorAnswer } from '../cluster/replay-operator.ts';
import type { System } from '../cluster/system.ts';
import type { Disturbance, ReplayAction } from '../schedule/disturbance.ts';
import type { TrafficConnector } from '../traffic/traffic-connector.ts';
import { done, type DisturbanceEnd } from './disturbance-end.ts';

const RECENT_MS = 30_000;

/** Resolves once nothing holds the replay back any more; it may go on for longer. */
export async function runReplay(
  system: Pick<System, 'replays' | 'connectors' | 'instances' | 'kafka' | 'topics'>,
  disturbance: Extract<Disturbance, ReplayAction>,
): Promise<DisturbanceEnd> {
  const { replays, connectors } = system;
  const { atMs, forMs, recordsPerSecond, midway } = disturbance;
  const id = `at-${atMs}`;
  const request = requestOf(disturbance, connectors);
  const started = await replays.start(id, request, recordsPerSecond ?? undefined);
  if (started.kind === 'refused') return endOf(started);
  await sleep(forMs / 3);
  if (midway === 'kill-mappers') await killMappers(system);
  if (midway === 'cancel') return endOf(await replays.cancel(id));
  if (midway === 'pause') {
    const paused = await replays.pause(id);
    if (paused.kind === 'refused') return endOf(paused);
  }
  await sleep(forMs / 3);
  if (midway === 'pause') {
    const resumed = await replays.resume(id);
    if (resumed.kind === 'refused') return endOf(resumed);
  }
  await sleep(forMs / 3);
  return endOf(await replays.resume(id, 'none'));
}

/** Of the topic of replayed commands, markers of transactions among them. */
const MADE_OFFSETS = 20;
const MADE_TIMEOUT_MS = 60_000;

async function killMappers({
  instances,
  kafka,
  topics,
}: Pick<System, 'instances' | 'kafka' | 'topics'>): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  try {
    await eventually(
      async () => {
        const watermarks = await admin.watermarks(topics.replayedCommands.name);
        return watermarks.reduce((sum, { highWatermark }) => sum + Number(highWatermark), 0) >= MADE_OFFSETS;
      },
      { timeoutMs: MADE_TIMEOUT_MS, describe: 'a replay to make commands' },
    );
  } finally {
    await admin.close();
  }
  for (const instance of instances.values()) if (instance.service === 'mapper') instance.kill();
}

function requestOf(
  { source, isForced, range, connector }: ReplayAction,
  connectors: readonly TrafficConnector[],
): ReplayRequest {
  const possible = connectors.filter((each) => source === 'commands' || mayReplayEventsOf(each));
  const named = possible.filter((each) => each === connectors[connector ?? -1]);
  const asked = named.length > 0 ? named : possible;
  return {
    source,
    ...(range === 'all' ? { toEarliest: true } : { byDuration: RECENT_MS }),
    ...(asked.length === connectors.length ? {} : { connector: asked.map(({ id }) => id).sort() }),
    ...(isForced ? { force: true } : {}),
  };
}

/**
 * Of addresses that users had at several times, a replay teaches the mapper the newest, where live events had taught it
 * another. What live events mean from then on depends on when that was, which no topic tells.
 */
function mayReplayEventsOf({ freeEmailProviders }: TrafficConnector): boolean {
  return freeEmailProviders === 'allow';
}

function endOf(answer: OperatorAnswer): DisturbanceEnd {
  return answer.kind === 'done' ? done : { kind: 'skipped', reason: answer.reason };
}
