/** A command as its JSON text, and as the call that carries it out. Pure. */
import { commandJson } from '@astrolabe/operations';
import { stringifyJson, toApiRequest, type Command } from '@astrolabe/schemas';
import type { Payload, RebuiltRequest } from '../shapes/values.ts';
import { textPayload, type MaskText } from './payload.ts';

export function decodedPayload(command: Command, mask: MaskText, maxCharacters?: number): Payload {
  return textPayload(stringifyJson(commandJson(command)), mask, maxCharacters);
}

/** `deliveryId`: the id of a forced delivery; the command's own by default. The key is not known here. */
export function rebuiltRequest(
  command: Command,
  deliveryId: string | undefined,
  mask: MaskText,
  maxCharacters?: number,
): RebuiltRequest {
  const { method, path, body, idempotencyKey } = toApiRequest(command, deliveryId);
  const headers = [
    ['authorization', "Bearer (the connector's key)"],
    ['accept', 'application/json, application/problem+json'],
    ['idempotency-key', idempotencyKey],
    ['content-type', body === undefined ? undefined : 'application/json'],
  ] as const;
  return {
    method,
    path,
    headers: headers.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
    body: body === undefined ? { kind: 'none' } : textPayload(body, mask, maxCharacters),
  };
}
