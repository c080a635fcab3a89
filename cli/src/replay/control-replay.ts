/** `astrolabe replay list|status|pause|resume|cancel`: replays as they are, and changing what they are to do. */
import {
  auditedReplayControl,
  findReplay,
  isOver,
  listReplays,
  type Cluster,
  type ControlledReplay,
  type ReplayPhase,
} from '@astrolabe/operations';
import { readConfig } from '@astrolabe/service-kit';
import { withAuditor } from '../audit/audited.ts';
import { withCluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { clusterConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { follow, printFollowed } from './follow.ts';
import { followLine, noReplayLine, type ControlFlags, type ResumeFlags, type StatusFlags } from './replay-flags.ts';
import { listLines, olderLines, statusLines } from './status-lines.ts';

export async function list(context: CommandContext, _flags: CommonFlags): Promise<ExitCode> {
  return onCluster(context, async (cluster) => {
    const { replays, older } = await listReplays(cluster, context.signal);
    if (context.output.isJson) for (const each of [...replays, ...older]) context.output.result(each, []);
    else context.output.lines(listLines(replays, older));
    return exitCodes.done;
  });
}

export async function status(context: CommandContext, flags: StatusFlags, id: string): Promise<ExitCode> {
  const { output, signal } = context;
  return onCluster(context, async (cluster) => {
    const found = await findReplay(cluster, id, signal);
    switch (found.kind) {
      case 'unknown':
        throw unknown(id);
      case 'older-version':
        output.result(found.replay, olderLines(found.replay));
        return exitCodes.done;
      case 'replay': {
        if (flags.follow !== true) {
          output.result(found.replay, statusLines(found.replay));
          return exitCodes.done;
        }
        const isEnd = (phase: ReplayPhase): boolean => isOver(phase) || phase === 'paused';
        return printFollowed(context, id, await follow(context, cluster, { id, isEnd, timeoutMs: flags.timeout }));
      }
    }
  });
}

export async function pause(context: CommandContext, flags: ControlFlags, id: string): Promise<ExitCode> {
  const isEnd = (phase: ReplayPhase): boolean => phase === 'paused' || isOver(phase);
  return change(context, flags, id, 'pause', isEnd);
}

export async function cancel(context: CommandContext, flags: ControlFlags, id: string): Promise<ExitCode> {
  return change(context, flags, id, 'cancel', isOver);
}

export async function resume(context: CommandContext, { rate }: ResumeFlags, id: string): Promise<ExitCode> {
  const { output, clock, signal } = context;
  return onCluster(context, async (cluster) => {
    const controlled = await withAuditor(context, cluster, (auditor) =>
      auditedReplayControl(auditor, { cluster, id, wanted: 'run', rate, clock, signal }),
    );
    throwRefusal(controlled, id);
    const said = controlled.kind === 'unchanged' ? 'is running already' : 'goes on';
    output.result({ replayId: id, outcome: controlled.kind }, [
      `Replay ${id} ${said}. To follow it: ${followLine(id)}`,
    ]);
    return exitCodes.done;
  });
}

/** Asks for it, and waits until all who work on the replay have obeyed. */
async function change(
  context: CommandContext,
  { timeout: timeoutMs }: ControlFlags,
  id: string,
  wanted: 'pause' | 'cancel',
  isEnd: (phase: ReplayPhase) => boolean,
): Promise<ExitCode> {
  const { output, note, clock, signal } = context;
  return onCluster(context, async (cluster) => {
    const controlled = await withAuditor(context, cluster, (auditor) =>
      auditedReplayControl(auditor, { cluster, id, wanted, clock, signal }),
    );
    throwRefusal(controlled, id);
    if (controlled.kind === 'removed') {
      output.result({ replayId: id, outcome: 'removed' }, [
        `Replay ${id} is removed: its topic was deleted and created again, so no service works on it.`,
      ]);
      return exitCodes.done;
    }
    const followed = await follow(context, cluster, { id, isEnd, timeoutMs });
    if (followed.kind === 'reached') {
      const exitCode = printFollowed(context, id, followed);
      const wantedPhase = wanted === 'pause' ? 'paused' : 'cancelled';
      return followed.replay.phase === wantedPhase ? exitCodes.done : exitCode;
    }
    if (followed.kind !== 'unknown') {
      note(
        `To ${wanted} it is asked for and stays so; not every service that works on it has told that it has obeyed.`,
      );
    }
    return printFollowed(context, id, followed);
  });
}

function throwRefusal(controlled: ControlledReplay, id: string): void {
  switch (controlled.kind) {
    case 'unknown':
      throw unknown(id);
    case 'older-version':
      throw new UsageError(olderLines(controlled.replay).join('\n'));
    case 'orphan':
      throw new UsageError(
        `The topic of replay ${id} was deleted and created again, so no service works on it. Remove it with "astrolabe replay cancel ${id}".`,
      );
    case 'refused':
      throw new UsageError(`Replay ${id} is ${controlled.phase}; it cannot be changed any more.`);
    case 'changed':
    case 'unchanged':
    case 'removed':
      return;
  }
}

function unknown(id: string): UsageError {
  return new UsageError(noReplayLine(id));
}

function onCluster(context: CommandContext, use: (cluster: Cluster) => Promise<ExitCode>): Promise<ExitCode> {
  return withCluster(context, readConfig(clusterConfig, context.env), use);
}
