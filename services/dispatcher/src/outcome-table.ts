/** The table of outcomes for the documentation: what is done with a command after each answer. */
import { renderMarkdownTable } from '@astrolabe/service-kit';
import { outcomeRules, type OutcomeRule } from './core/classify-response.ts';

export function renderOutcomeTable(): string {
  const rows = outcomeRules.map((rule) => [statusText(rule), outcomeText(rule), rule.why]);
  rows.push([
    'none: timeout, reset, name not found',
    'retry: `timeout`, `connection`, `name-resolution`',
    'The effect may have happened. The idempotency key makes a retry safe.',
  ]);
  return renderMarkdownTable(['Answer', 'Outcome', 'Why'], rows);
}

function statusText({ from, to, code }: OutcomeRule): string {
  if (from === 100 && to === 999) return 'any other';
  const status = from === to ? String(from) : `${from} to ${to}`;
  return code === undefined ? status : `${status} \`${code}\``;
}

function outcomeText({ outcome, reason }: OutcomeRule): string {
  return reason === undefined ? outcome : `${outcome}: \`${reason}\``;
}
