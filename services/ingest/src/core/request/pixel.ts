/**
 * Events in the address of an image, for e-mails and pages without scripts (segment-docs, "Tracking Pixel API"). Two
 * forms: `?data=` with the event as JSON, in Base64 of either alphabet or plain; or its fields themselves, with a dot
 * for each level (`?userId=u&event=Opened&properties.subject=Hello`), whose values are texts.
 */
import { maxEventDepth } from '@astrolabe/segment';

const base64 = /^[A-Za-z0-9+/_\-\s]*={0,2}$/;

/**
 * The body that the same event would have on the Tracking API. What cannot be read is returned unchanged, and refused
 * there.
 */
export function pixelBody(query: string): Buffer {
  const parameters = new URLSearchParams(query);
  const data = parameters.get('data');
  if (data === null) return Buffer.from(JSON.stringify(toObject(parameters)));
  // An unescaped plus of Base64 has become a space.
  const text = data.trim().replaceAll(' ', '+');
  return base64.test(text) ? Buffer.from(text, 'base64') : Buffer.from(data);
}

type Level = Map<string, string | Level>;

function toObject(parameters: URLSearchParams): object {
  const root: Level = new Map();
  for (const [path, value] of parameters) {
    const names = path.split('.', maxEventDepth);
    const last = names.pop();
    let level = root;
    for (const name of names) {
      const next = level.get(name);
      const child: Level = next instanceof Map ? next : new Map<string, string | Level>();
      level.set(name, child);
      level = child;
    }
    if (last !== undefined && !(level.get(last) instanceof Map)) level.set(last, value);
  }
  return ofLevel(root);
}

/** `Object.fromEntries` makes `__proto__` a member like any other. */
function ofLevel(level: Level): object {
  return Object.fromEntries(
    [...level].map(([name, value]) => [name, typeof value === 'string' ? value : ofLevel(value)]),
  );
}
