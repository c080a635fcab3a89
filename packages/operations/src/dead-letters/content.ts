/** Decodes the value of a dead letter. */
import { isUtf8 } from 'node:buffer';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { DeadLetterContent } from './core/dead-letter-content.ts';
import type { DeadLetter } from './core/dead-letter.ts';

/** `decoder` undefined: no registry is configured, so a command is given as bytes. */
export async function readContent(
  { role, record: { value } }: DeadLetter,
  decoder: CommandDecoder | undefined,
): Promise<DeadLetterContent> {
  if (value === null) return { kind: 'none' };
  if (role === 'commands') {
    if (decoder === undefined) return { kind: 'bytes', bytes: value, reason: 'SCHEMA_REGISTRY_URL is not set' };
    const decoded = await decoder.decode(value);
    if (decoded.kind === 'command') return { kind: 'command', command: decoded.command };
    return { kind: 'bytes', bytes: value, reason: decoded.reason };
  }
  if (!isUtf8(value)) return { kind: 'bytes', bytes: value, reason: 'the value is not UTF-8' };
  const text = value.toString('utf8');
  return isJson(text) ? { kind: 'event', text: onOneLine(text) } : { kind: 'text', text };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Line breaks of valid JSON stand between its parts only, where a blank means the same. */
function onOneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}
