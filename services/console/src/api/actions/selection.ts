/** Filters as the API takes them → what the operations take. Pure. */
import { parseOffsetRanges, type DecisionRequest, type OffsetRange, type ReplayRequest } from '@astrolabe/operations';
import type { Refusal } from '../../routes/route.ts';
import { refusal } from './refusals.ts';
import type { ReplayBody, SelectionBody } from './shapes.ts';

export type ReadSelection = { readonly kind: 'selection'; readonly request: Omit<DecisionRequest, 'edited'> } | Refusal;

export function readSelection(body: SelectionBody): ReadSelection {
  const { from, to, offsets, ...filter } = body;
  const ranges = offsets === undefined ? undefined : readOffsets(offsets);
  if (ranges !== undefined && 'status' in ranges) return ranges;
  const request = {
    ...filter,
    toDatetime: from === undefined ? undefined : Date.parse(from),
    untilDatetime: to === undefined ? undefined : Date.parse(to),
    offsets: ranges,
  };
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  return { kind: 'selection', request: Object.fromEntries(given) };
}

function readOffsets(text: string): readonly OffsetRange[] | Refusal {
  const parsed = parseOffsetRanges(text);
  return parsed.kind === 'ranges' ? parsed.ranges : refusal(422, 'console.selection-refused', parsed.reason);
}

export type ReadReplay = { readonly kind: 'request'; readonly request: ReplayRequest } | Refusal;

export function readReplayRequest({ range, recordsPerSecond: _rate, connector, ...body }: ReplayBody): ReadReplay {
  const { force, includeReplayed, ...filter } = body;
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  const request = {
    ...(Object.fromEntries(given) as typeof filter),
    ...(connector !== undefined && { connector: [connector] }),
    ...(force && { force }),
    ...(includeReplayed && { includeReplayed }),
  } as ReplayRequest;
  switch (range.kind) {
    case 'all':
      return { kind: 'request', request: { ...request, toEarliest: true } };
    case 'times': {
      const until = range.to === undefined ? {} : { untilDatetime: Date.parse(range.to) };
      return { kind: 'request', request: { ...request, toDatetime: Date.parse(range.from), ...until } };
    }
    case 'offsets': {
      const ranges = readOffsets(range.offsets);
      if ('status' in ranges) return ranges;
      return { kind: 'request', request: { ...request, offsets: range.offsets } };
    }
  }
}
