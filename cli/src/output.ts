/**
 * What a command prints: lines for people, or with `--json` lines of JSON for scripts. The one place where text of
 * senders, of the API and of files reaches the terminal, and where its invisible characters are made visible
 * (`visible-text.ts` of `packages/service-kit`).
 */
import { toOffsetJson } from '@astrolabe/operations';
import { visibleJson, visibleLine } from '@astrolabe/service-kit/terminal';

export interface CommandOutput {
  readonly isJson: boolean;
  /** The one result of a command, or one of many as it is found. A line break within a line is shown as an escape. */
  result(data: unknown, lines: readonly string[]): void;
  /** One line of JSON as it is, in either form: its numbers must not be parsed and written again. */
  json(line: string): void;
  /** Lines for people where the JSON has been printed by `json`. */
  lines(lines: readonly string[]): void;
  /** Empties the screen of a terminal. */
  clearScreen(): void;
}

const CLEAR_SCREEN = '\u001b[2J\u001b[H';

export function createOutput(json: boolean, write: (text: string) => void): CommandOutput {
  const printLines = (lines: readonly string[]): void => {
    if (lines.length > 0) write(`${lines.map(visibleLine).join('\n')}\n`);
  };
  const printJson = (line: string): void => write(`${visibleJson(line)}\n`);
  return {
    isJson: json,
    result: (data, lines) => (json ? printJson(toOffsetJson(data)) : printLines(lines)),
    json: printJson,
    lines: printLines,
    clearScreen: () => write(CLEAR_SCREEN),
  };
}
