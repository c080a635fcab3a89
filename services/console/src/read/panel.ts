/** Parts of a page, each of which loads and fails by itself: an error is data. Pure. */
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import type { Panel } from './shapes/values.ts';

export function ready<Value>(value: Value, atMs: number): Panel<Value> {
  return { kind: 'ready', at: toInstant(atMs), value };
}

export function pending<Value>(message: string): Panel<Value> {
  return { kind: 'pending', message };
}

export function unavailable<Value>(
  error: unknown,
  last?: { readonly value: Value; readonly atMs: number },
): Panel<Value> {
  return {
    kind: 'unavailable',
    message: errorMessage(error),
    ...(isPipelineError(error) ? { code: error.code } : {}),
    ...(last === undefined ? {} : { last: { at: toInstant(last.atMs), value: last.value } }),
  };
}

/** The same panel of something that is made of its value. */
export function mapPanel<Value, Other>(panel: Panel<Value>, map: (value: Value) => Other): Panel<Other> {
  switch (panel.kind) {
    case 'ready':
      return { ...panel, value: map(panel.value) };
    case 'pending':
      return panel;
    case 'unavailable': {
      const { last, ...rest } = panel;
      return last === undefined ? rest : { ...rest, last: { ...last, value: map(last.value) } };
    }
  }
}

/** What a panel has, however old; undefined before the first value. */
export function valueIn<Value>(panel: Panel<Value>): Value | undefined {
  if (panel.kind === 'ready') return panel.value;
  return panel.kind === 'unavailable' ? panel.last?.value : undefined;
}

export function toInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
