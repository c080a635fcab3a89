/** Flags and an export → the plan of a decision about dead letters. */
import { readFile } from 'node:fs/promises';
import {
  planDecision,
  readExport,
  type Cluster,
  type CountedCause,
  type DecisionPlan,
  type DecisionRequest,
  type EditedDeadLetter,
} from '@astrolabe/operations';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { CommandContext } from '../command-context.ts';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { UsageError } from '../exit-codes.ts';
import { decisionUsage } from './dlq-refusals.ts';

export interface DecisionFlags extends Omit<DecisionRequest, 'edited'> {
  readonly fromFile?: string;
}

export interface PlanFromFlags {
  readonly plan: DecisionPlan;
  /** What it was made of, for the audit. */
  readonly request: DecisionRequest;
}

export async function planFromFlags(cluster: Cluster, flags: DecisionFlags, nowMs: number): Promise<PlanFromFlags> {
  const { fromFile } = flags;
  const edited = fromFile === undefined ? {} : { edited: await readExportFile(fromFile) };
  const request = { ...flags, ...edited };
  const planned = await planDecision(cluster, request, nowMs);
  if (planned.kind !== 'plan') throw decisionUsage(planned, fromFile);
  return { plan: planned.plan, request };
}

async function readExportFile(path: string): Promise<readonly EditedDeadLetter[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${errorMessage(error)}`);
  }
  const read = readExport(bytes);
  switch (read.kind) {
    case 'other-encoding':
      throw new UsageError(`${path} is ${read.encoding}; save it as UTF-8. Nothing was changed.`);
    case 'invalid':
      throw new UsageError(`${path}:${read.line}: ${read.reason}. Nothing was changed.`);
    case 'dead-letters':
      return read.deadLetters;
  }
}

/** Shown before anybody is asked. */
export function noteCauses({ output, note }: CommandContext, causes: readonly CountedCause[]): void {
  if (output.isJson || causes.length === 0) return;
  const rows = causes.map(({ topic, code, connectorId, waiting }) => [topic, code, connectorId, waiting]);
  formatTable(['TOPIC', 'CAUSE', 'CONNECTOR', 'WAITING'], rows).forEach(note);
}

export function takenOver(): Error {
  return new Error('Another redrive has started and taken over. See "astrolabe dlq list" for what is still waiting.');
}
