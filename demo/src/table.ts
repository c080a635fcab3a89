/** Tables of text for a terminal. */

export interface TableColumn {
  readonly heading: string;
  readonly align: 'left' | 'right';
}

/** `rule` draws a line before the row: a sum follows. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly rule?: boolean;
}

const GAP = '   ';

/** Lines without trailing blanks: headings, a rule, the rows. Cells that a row lacks are empty. */
export function renderTable(columns: readonly TableColumn[], rows: readonly TableRow[]): string[] {
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...rows.map(({ cells }) => cells[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        const width = widths[index] ?? 0;
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  return [
    line(columns.map(({ heading }) => heading)),
    rule,
    ...rows.flatMap((row) => (row.rule === true ? [rule, line(row.cells)] : [line(row.cells)])),
  ];
}
