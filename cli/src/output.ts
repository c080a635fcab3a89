/** What a command prints: lines for people, or with `--json` one line of JSON for scripts. */
export interface CommandOutput {
  result(data: unknown, lines: readonly string[]): void;
}

export function createOutput(json: boolean, write: (text: string) => void): CommandOutput {
  return {
    result: (data, lines) => {
      write(json ? `${JSON.stringify(data)}\n` : `${lines.join('\n')}\n`);
    },
  };
}
