import type { DatabaseSync } from 'node:sqlite';
import { fingerprintOf, type ApiCommand, type WriteResult } from './command.ts';
import type { IdempotencyStore } from '../store/idempotency-store.ts';
import type { State } from '../store/state.ts';

export interface KeyedCommand {
  readonly key: string;
  readonly command: ApiCommand;
}

export type Execution =
  | { readonly kind: 'executed'; readonly result: WriteResult; readonly replayed: boolean }
  /** The key belongs to a command of other content. */
  | { readonly kind: 'key-reused' };

/**
 * Executes commands in order, each once for each key. The effects and the remembered answers are one transaction: after
 * a crash both are there or neither. If the database fails, it throws with nothing changed.
 */
export type ExecuteCommands = (
  workspace: string,
  commands: readonly KeyedCommand[],
  nowMs: number,
) => readonly Execution[];

export function createExecuteCommands(
  database: DatabaseSync,
  state: State,
  answers: IdempotencyStore,
): ExecuteCommands {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');

  const execute = (workspace: string, { key, command }: KeyedCommand, nowMs: number): Execution => {
    const fingerprint = fingerprintOf(command);
    const remembered = answers.find(workspace, key, nowMs);
    if (remembered !== undefined) {
      if (remembered.fingerprint !== fingerprint) return { kind: 'key-reused' };
      return { kind: 'executed', result: remembered.result, replayed: true };
    }
    const result = state.apply(workspace, command);
    answers.remember(workspace, key, { fingerprint, result }, nowMs);
    return { kind: 'executed', result, replayed: false };
  };

  return (workspace, commands, nowMs) => {
    begin.run();
    try {
      const executions = commands.map((command) => execute(workspace, command, nowMs));
      commit.run();
      return executions;
    } catch (error) {
      // A failed COMMIT may have ended the transaction already.
      if (database.isTransaction) rollback.run();
      throw error;
    }
  };
}
