/** Of this build: what the repository's package.json says, which every image and package has. */
import { readFileSync } from 'node:fs';

export const version: string = readVersion();

function readVersion(): string {
  const manifest = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string };
  return version;
}
