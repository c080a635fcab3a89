/** Requests as Segment's Node SDK sends them, built once and given new message ids before each use. */

/** One request's bytes, head included, in which the message ids can be overwritten in place. */
export interface RequestTemplate {
  readonly bytes: Buffer;
  /** Where each event's message id begins. */
  readonly idOffsets: readonly number[];
}

export interface TemplateOptions {
  readonly path: string;
  readonly host: string;
  readonly writeKey: string;
  /** 1 for a single event, without the envelope of a batch. */
  readonly events: number;
  readonly isBatch: boolean;
  /** Number of the sender: senders have users of their own. */
  readonly sender: number;
}

/** `bench-` and as many digits. */
const ID_DIGITS = 14;
const ID_PREFIX = 'bench-';
const SENT_AT = '2026-03-01T12:00:01.250Z';

export function buildTemplate(options: TemplateOptions): RequestTemplate {
  const { path, host, writeKey, events, isBatch, sender } = options;
  const batch = Array.from({ length: events }, (_, index) => buildEvent(`user-${sender}-${index}`));
  const body = JSON.stringify(isBatch ? { batch, writeKey, sentAt: SENT_AT } : { ...batch[0], sentAt: SENT_AT });
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    `authorization: Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
    'user-agent: analytics-node-next/latest',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  const idOffsets: number[] = [];
  const marker = Buffer.from(ID_PREFIX + '0'.repeat(ID_DIGITS));
  for (let at = bytes.indexOf(marker); at !== -1; at = bytes.indexOf(marker, at + marker.length)) {
    idOffsets.push(at + ID_PREFIX.length);
  }
  return { bytes, idOffsets };
}

/** Writes the ids `firstId`, `firstId + 1`, ... into the template. */
export function writeMessageIds({ bytes, idOffsets }: RequestTemplate, firstId: number): void {
  for (let index = 0; index < idOffsets.length; index += 1) {
    let rest = firstId + index;
    const start = idOffsets[index] ?? 0;
    for (let at = start + ID_DIGITS - 1; at >= start; at -= 1) {
      bytes[at] = DIGIT_ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

const DIGIT_ZERO = 0x30;

/** About 350 bytes. */
function buildEvent(userId: string) {
  return {
    timestamp: '2026-03-01T12:00:00.000Z',
    type: 'track',
    event: 'Report Opened',
    properties: { reportId: 4711, view: 'weekly revenue' },
    userId,
    integrations: {},
    context: { library: { name: '@segment/analytics-node', version: '3.1.0' } },
    messageId: ID_PREFIX + '0'.repeat(ID_DIGITS),
    _metadata: { nodeVersion: '24.21.0', jsRuntime: 'node' },
  };
}
