import { hash } from 'node:crypto';
import type { CommandKind } from '@astrolabe/schemas';

/**
 * The id of a command: 32 lower-case hexadecimal digits, the first 128 bits of SHA-256 over a JSON array, which no choice of ids can
 * make ambiguous. The same event gives the same id for ever, in every instance: whatever is repeated is recognised by it.
 */
export function commandId(connectorId: string, messageId: string, kind: CommandKind): string {
  // JSON.stringify of the array, spelled out: its parts alone are faster, and this runs for every command.
  return hash('sha256', `[${JSON.stringify(connectorId)},${JSON.stringify(messageId)},"${kind}"]`).slice(0, 32);
}
