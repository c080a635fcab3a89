/**
 * The parsers under the fuzzer. Each resolves for an answer and for a refusal that it documents, and rejects for
 * anything else.
 */
import assert from 'node:assert/strict';
import { createCommandDecoder } from '@astrolabe/records/serde';
import { commandKinds } from '@astrolabe/schemas';
import { commandTypes } from '@astrolabe/schemas/avro';
import { isJsonObject, judgeEvent, measureValue, parseEvent, parseRawJson, skipWhitespace } from '@astrolabe/segment';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { parseConnectorsFile } from '../../packages/service-kit/src/connectors-file/connectors-file.ts';
import { decompress } from '../../packages/kafka/src/kafkajs/protocol/compression/codecs.ts';
import { crc32c } from '../../packages/kafka/src/kafkajs/protocol/crc32c.ts';
import { RecordSetDecoder, splitRecordSet } from '../../packages/kafka/src/kafkajs/protocol/record-batches.ts';
import { decodeChunk } from '../../packages/ledger/src/chunk/chunk-codec.ts';
import { readBulkOutcomes } from '../../services/dispatcher/src/core/bulk-request.ts';
import { classifyResponse, parseRetryAfter } from '../../services/dispatcher/src/core/classify-response.ts';
import { parseRequest } from '../../services/ingest/src/core/request/parse-request.ts';
import { readEvent } from '../../services/mapper/src/core/read-event.ts';

export interface Parser {
  /** Its folder in the corpus. */
  readonly name: string;
  parse(input: Buffer): Promise<unknown> | void;
}

const NOW_MS = 1_772_359_200_000;
const rules = { impliedType: undefined, maxEventBytes: 32_768, maxEvents: 2_500, isTrusted: false };
const decoder = createCommandDecoder({
  schemaById: async (id) => {
    const kind = commandKinds[id - 1];
    return kind === undefined ? undefined : { kind: 'avro', type: commandTypes[kind] };
  },
});

export const parsers: readonly Parser[] = [
  {
    name: 'event',
    parse: (input) => {
      const text = input.toString('utf8');
      const json = parseRawJson(text);
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return;
      }
      if (json.kind === 'json') parseEvent(json.value);
      const bytes = Buffer.from(text);
      const verdict = judgeEvent(bytes, { value, span: measureValue(bytes, skipWhitespace(bytes, 0)) }, 0, rules);
      assert.ok(verdict.kind === 'accepted' || verdict.reason !== '');
      if (isJsonObject(value)) parseEvent(value);
    },
  },
  {
    name: 'request',
    parse: (input) => {
      const content = parseRequest({ kind: 'batch', name: 'batch' }, input);
      if (content.kind === 'refused') return;
      for (const [index, event] of content.events.entries()) judgeEvent(content.bytes, event, index, rules);
    },
  },
  {
    name: 'event-record',
    parse: (input) => {
      const headers = { 'connector-id': Buffer.from('acme'), 'received-at': input.subarray(0, 40) };
      const record = { topic: 't', partition: 0, offset: 0n, timestampMs: NOW_MS, key: null, value: input, headers };
      assert.ok(['event', 'unreadable'].includes(readEvent(record, NOW_MS).kind));
    },
  },
  {
    name: 'command',
    parse: async (input) => {
      const decoded = await decoder.decode(input);
      if (decoded.kind === 'command') JSON.stringify(decoded.command);
    },
  },
  {
    name: 'record-batch',
    parse: async (input) => {
      // A true checksum, or nothing behind it would ever be reached.
      if (input.length > 21) input.writeUInt32BE(crc32c(input, 21, input.length), 17);
      try {
        const decode = new RecordSetDecoder({ topic: 't', partition: 0 }, [], decompress);
        for (const batch of splitRecordSet(input)) await decode.decode(batch, []);
      } catch (error) {
        assert.equal((error as Error).name, 'KafkaJSNonRetriableError', String(error));
      }
    },
  },
  {
    name: 'ledger-chunk',
    parse: (input) => {
      try {
        decodeChunk(input);
      } catch (error) {
        assert.ok(isPipelineError(error), String(error));
      }
    },
  },
  {
    name: 'retry-after',
    parse: (input) => {
      const afterMs = parseRetryAfter(input.toString('latin1'), NOW_MS);
      assert.ok(afterMs === undefined || (afterMs >= 0 && Number.isFinite(afterMs)));
    },
  },
  {
    name: 'problem',
    parse: (input) => {
      const body = input.toString('utf8');
      for (const status of [400, 409, 422, 503]) {
        const verdict = classifyResponse({ kind: 'response', status, headers: {}, body }, NOW_MS);
        if ('message' in verdict) assert.ok(verdict.message.length < 1_100);
      }
      readBulkOutcomes({ kind: 'response', status: 200, headers: {}, body }, ['a', 'b']);
    },
  },
  {
    name: 'connectors',
    parse: (input) => {
      const parsed = parseConnectorsFile(input.toString('utf8'));
      assert.ok(parsed.kind === 'parsed' || parsed.problems.length > 0);
    },
  },
];
