import { createHash } from 'node:crypto';
import type { CommandKind } from '@astrolabe/schemas';

/**
 * The id of a command: 32 lower-case hexadecimal digits, the first 128 bits of SHA-256 over a JSON array, which no choice of ids can
 * make ambiguous. The same event gives the same id for ever, in every instance: whatever is repeated is recognised by it.
 */
export function commandId(connectorId: string, messageId: string, kind: CommandKind): string {
  return createHash('sha256')
    .update(JSON.stringify([connectorId, messageId, kind]))
    .digest('hex')
    .slice(0, 32);
}
