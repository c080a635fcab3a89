import type { Finding } from '@astrolabe/operations';

const marks = { ok: 'ok  ', warning: 'warn', problem: 'FAIL' } as const;

export function describeFinding({ level, about, fact, meaning, remedy }: Finding): string[] {
  // The message of a configuration names its problems one a line.
  const [first = '', ...others] = fact.split('\n');
  return [
    `${marks[level]}  ${about}: ${first}`,
    ...others.map((line) => `      ${line}`),
    ...(meaning === undefined ? [] : [`        ${meaning}`]),
    ...(remedy === undefined ? [] : [`      > ${remedy}`]),
  ];
}
