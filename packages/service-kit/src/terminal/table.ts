/** The one text table. Pure. */
import { visibleLine } from './visible-text.ts';

export type TableCell = string | number | bigint;

/** `rule` draws a line: a sum follows. */
export type TableRow = readonly TableCell[] | 'rule';

export interface TableOptions {
  /** Columns from this one on are aligned right. Default: those that hold nothing but numbers. */
  readonly rightFrom?: number;
  /** Draws a line below the headings as well, and sets the columns further apart. */
  readonly ruled?: boolean;
}

/** Columns for people, without trailing blanks. Cells that a row lacks are empty. */
export function formatTable(
  head: readonly string[],
  rows: readonly TableRow[],
  { rightFrom, ruled = false }: TableOptions = {},
): string[] {
  const values = rows.filter((row) => row !== 'rule');
  const isRight = head.map((_, column) =>
    rightFrom === undefined
      ? values.length > 0 && values.every((row) => typeof row[column] !== 'string')
      : column >= rightFrom,
  );
  // Made visible before it is measured, so that the columns are as wide as what is shown.
  const shown = rows.map((row) =>
    row === 'rule' ? row : head.map((_, column) => visibleLine(`${row[column] ?? ''}`)),
  );
  const widths = head.map((title, column) =>
    Math.max(title.length, ...shown.map((row) => (row === 'rule' ? 0 : (row[column]?.length ?? 0)))),
  );
  const gap = ruled ? '   ' : '  ';
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return isRight[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(gap)
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join(gap);
  return [line(head), ...(ruled ? [rule] : []), ...shown.map((row) => (row === 'rule' ? rule : line(row)))];
}
