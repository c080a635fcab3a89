/** Orders of replays, audited. */
import type { ReplayOrder, WantedState } from '@astrolabe/replay';
import type { ActionName } from '../audit/core/audited-actions.ts';
import type { AuditDetails, AuditResult } from '../audit/core/audit-record.ts';
import { controlReplay, type ControlledReplay, type ControlReplayOptions } from '../replay/control-replay.ts';
import { startReplay, type StartedReplay, type StartReplayOptions } from '../replay/start-replay.ts';
import { refused, type Auditor } from './auditor.ts';

const actions: Readonly<Record<WantedState, ActionName>> = {
  run: 'resume-replay',
  pause: 'pause-replay',
  cancel: 'cancel-replay',
};

export function auditedReplayStart(auditor: Auditor, options: StartReplayOptions): Promise<StartedReplay> {
  const { order } = options;
  return auditor(
    { action: 'start-replay', ...describeReplay(order) },
    () => startReplay(options),
    ({ kind }) => (kind === 'started' ? { kind: 'done' } : refused('another program has started a replay of this id')),
  );
}

/** The range as it is read: ends are those of the moment it was planned. */
export function describeReplay({ id, request, spans, recordsPerSecond }: ReplayOrder): {
  readonly about: string;
  readonly request: AuditDetails;
} {
  const offsets = spans.map(({ partition, fromOffset, endOffset }) => `${partition}:${fromOffset}-${endOffset - 1n}`);
  return {
    about: `replay ${id} of ${request.source}`,
    request: { ...request, reads: offsets.join(','), recordsPerSecond },
  };
}

export function auditedReplayControl(auditor: Auditor, options: ControlReplayOptions): Promise<ControlledReplay> {
  const { id, wanted, rate } = options;
  return auditor(
    { action: actions[wanted], about: `replay ${id}`, ...(rate !== undefined && { request: { rate } }) },
    () => controlReplay(options),
    controlResult,
  );
}

function controlResult(controlled: ControlledReplay): AuditResult {
  switch (controlled.kind) {
    case 'changed':
      return { kind: 'done' };
    case 'unchanged':
      return { kind: 'done', message: 'it was so already' };
    case 'removed':
      return { kind: 'done', message: 'its topic was deleted and created again, so it was removed' };
    case 'orphan':
      return refused('its topic was deleted and created again');
    case 'refused':
      return refused(`it is ${controlled.phase}`);
    case 'older-version':
      return refused('a version before managed replays has started it');
    case 'unknown':
      return refused('no replay has this id');
  }
}
