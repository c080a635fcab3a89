/** What a command prints: lines for people, or with `--json` lines of JSON for scripts. */
export interface CommandOutput {
  readonly isJson: boolean;
  /** The one result of a command. */
  result(data: unknown, lines: readonly string[]): void;
  /** One of many results, printed as it is found. */
  item(data: unknown, line: string): void;
  /** A line that is as it is, whatever the form: JSON whose numbers must not be read and written again. */
  text(line: string): void;
}

export function createOutput(json: boolean, write: (text: string) => void): CommandOutput {
  const result = (data: unknown, lines: readonly string[]): void => {
    if (json) write(`${toJson(data)}\n`);
    else if (lines.length > 0) write(`${lines.join('\n')}\n`);
  };
  return { isJson: json, result, item: (data, line) => result(data, [line]), text: (line) => write(`${line}\n`) };
}

/** One line. Offsets, which are `bigint`, become numbers, and text where a number would round them. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (_name, value: unknown) => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
    return value;
  });
}
