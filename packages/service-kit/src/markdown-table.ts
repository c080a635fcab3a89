/** A Markdown table that ends in a line feed. Bars and line feeds inside cells are escaped. */
export function renderMarkdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const toLine = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |\n`;
  return toLine(columns) + toLine(columns.map(() => '---')) + rows.map(toLine).join('');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}
