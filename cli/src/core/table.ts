/** The one text table. Pure. */
import { visibleLine } from './visible-text.ts';

/** Columns for people. Numbers are aligned right, everything else left. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | bigint)[])[],
): string[] {
  // Made visible before it is measured, so that the columns are as wide as what is shown.
  const cells = rows.map((row) => row.map((cell) => visibleLine(String(cell))));
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const isNumeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] !== 'string'));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), ...cells.map(line)];
}
