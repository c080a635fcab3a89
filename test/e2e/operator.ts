/** What an operator does beside a running pipeline: the program, and the API's counters. */
import assert from 'node:assert/strict';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { jsonLines, runAstrolabe } from '../../cli/src/testing/run-astrolabe.ts';

export interface ApiCounters {
  /** Commands that changed the state. */
  readonly applied: number;
  /** Commands that were executed and changed nothing. */
  readonly unchanged: number;
  /** Commands that got a remembered answer. */
  readonly replayed: number;
  readonly keysReused: number;
}

export interface WaitingDeadLetters {
  readonly waiting: number;
  readonly redriven: number;
  readonly groups: readonly { readonly topic: string; readonly code: string; readonly waiting: number }[];
}

/**
 * Runs the program against the pipeline and returns what `--json` prints. Fails the test with its words where it fails.
 */
export async function operate<Result>(pipeline: Pipeline, ...args: readonly string[]): Promise<Result> {
  const { addresses, folder, topics } = pipeline;
  const done = await runAstrolabe([...args, '--json'], {
    KAFKA_BROKERS: addresses.kafka,
    KAFKA_TOPIC_PREFIX: topics.commands.name.slice(0, topics.commands.name.indexOf('.') + 1),
    SCHEMA_REGISTRY_URL: addresses.schemaRegistry,
    CONNECTORS_FILE: folder.connectorsFile,
  });
  assert.equal(done.exitCode, 0, done.stderr);
  const [result] = jsonLines<Result>(done);
  return result ?? assert.fail(`nothing was printed: ${done.stderr}`);
}

export async function readCounters({ addresses }: Pipeline): Promise<ApiCounters> {
  const response = await fetch(`${addresses.astrolabe}/__reference/counters`);
  return (await response.json()) as ApiCounters;
}
