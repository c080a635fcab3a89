/** Keys that nothing else holds, and where they must not be. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** With the characters that JSON, HTML and URLs write in another way. */
export function newKey(): string {
  return `sk/${randomBytes(12).toString('hex')}"<&>\\+${randomBytes(4).toString('hex')}`;
}

/** Of a key even its beginning must not show, as where a text was cut. */
const SHORTEST_PART = 12;

/** Those secrets of which the text holds a part, in clear, escaped or as Basic credentials. */
export function findSecrets(text: string, secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => {
    const { length } = secret;
    const parts = [
      secret.slice(0, SHORTEST_PART),
      secret.slice(length - SHORTEST_PART),
      secret.slice(4, 4 + SHORTEST_PART),
    ];
    const basic = Buffer.from(`${secret}:`).toString('base64').slice(0, 20);
    const bearer = encodeURIComponent(secret).slice(0, SHORTEST_PART);
    return [...parts, basic, bearer].some((part) => text.includes(part));
  });
}

/** What other users of a machine see of a process. */
export async function processText(pid: number): Promise<string> {
  const [commandLine, name] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    readFile(`/proc/${pid}/comm`, 'utf8'),
  ]);
  return `${commandLine.replaceAll('\0', ' ')}\n${name}`;
}
