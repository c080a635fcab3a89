import { expectedOf, isRequired, settingsOf, type ConfigVariable, type ConfigVariables } from './config.ts';
import { renderMarkdownTable } from '../markdown-table.ts';

/**
 * A group of settings as the Markdown table of `docs/configuration.md`, in the order of definition. A test compares the
 * two, so that documentation and defaults cannot drift apart. Pass `definition.variables` or one of `configSections`.
 */
export function renderConfigTable<Values>(variables: ConfigVariables<Values>): string {
  const rows = settingsOf(variables).map(([, variable]) => [
    `\`${variable.env}\``,
    expectedOf(variable),
    defaultOf(variable),
    variable.secret ? `${variable.description} Secret.` : variable.description,
  ]);
  return renderMarkdownTable(['Variable', 'Expected', 'Default', 'Meaning'], rows);
}

function defaultOf(variable: ConfigVariable): string {
  if (isRequired(variable)) return 'required';
  const value = variable.default as string | number | boolean | readonly string[] | undefined;
  if (value === undefined) return 'not set';
  if (value === '') return 'empty';
  return `\`${Array.isArray(value) ? value.join(',') : String(value)}\``;
}
