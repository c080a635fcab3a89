import type { SQLInputValue, StatementSync } from 'node:sqlite';

/** Rows under the type that the statement's columns have. */
export const sqlite = {
  get: <Row>(statement: StatementSync, ...values: SQLInputValue[]): Row | undefined =>
    statement.get(...values) as Row | undefined,
  all: <Row>(statement: StatementSync, ...values: SQLInputValue[]): Row[] => statement.all(...values) as Row[],
};
