/**
 * The Chromium that comes with `npm ci`: `@sparticuz/chromium` holds a headless one for Linux on x64, packed, and those
 * libraries that a bare system lacks. It is unpacked once, into the cache. The package's own way of unpacking writes to
 * fixed names in the temporary folder, where another version, half a file or somebody else's may be.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { cacheDirectory } from '../stack/cache-folder.ts';

export interface BrowserProgram {
  readonly executablePath: string;
  /** To be set for the browser's process. */
  readonly env: Readonly<Record<string, string>>;
}

/** Whether the packed Chromium is one for this machine. */
export function isBundledFor({ platform, arch }: { readonly platform: string; readonly arch: string }): boolean {
  return platform === 'linux' && arch === 'x64';
}

/** Libraries (NSS and expat) and a font. */
const ARCHIVES = ['al2023', 'fonts'] as const;

/** Raised when the folder is to hold something else than one that was unpacked before. */
const LAYOUT = 2;

/** Unpacks it where that has not been done, into a folder that appears whole: about 200 MB, in a few seconds. */
export async function provideBundledChromium(env: NodeJS.ProcessEnv): Promise<BrowserProgram> {
  const packed = fileURLToPath(new URL('../../bin/', import.meta.resolve('@sparticuz/chromium')));
  const { version } = JSON.parse(await readFile(join(packed, '..', 'package.json'), 'utf8')) as { version: string };
  const folder = join(cacheDirectory(env), `chromium-${version}-${LAYOUT}`);
  if (!(await exists(folder))) await unpackInto(folder, packed);
  return {
    executablePath: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_PATH: join(folder, 'fonts') },
  };
}

async function unpackInto(folder: string, packed: string): Promise<void> {
  const partial = `${folder}.partial-${randomUUID()}`;
  try {
    await mkdir(partial, { recursive: true });
    await pipeline(
      createReadStream(join(packed, 'chromium.br')),
      createBrotliDecompress(),
      createWriteStream(join(partial, 'chromium'), { mode: 0o755 }),
    );
    for (const name of ARCHIVES) await unpackArchive(join(packed, `${name}.tar.br`), join(partial, name));
    await writeFile(join(partial, 'fonts', 'fonts.conf'), fontConfiguration(join(folder, 'fonts')));
    await rename(partial, folder).catch(async (error: unknown) => {
      // Another process was quicker: its folder is as good.
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/**
 * The package's own names folders of the machine that it is made for, so no font is found, and Chromium ends at the
 * first field that it draws ("SkFontMgr_FontConfigInterface.cpp: Not implemented").
 */
function fontConfiguration(folder: string): string {
  const text = folder.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${text}/fonts</dir>
  <cachedir>${text}/cache</cachedir>
</fontconfig>
`;
}

async function unpackArchive(archive: string, folder: string): Promise<void> {
  const unpacked = `${folder}.tar`;
  await pipeline(createReadStream(archive), createBrotliDecompress(), createWriteStream(unpacked));
  await mkdir(folder);
  // From a file: tar may stop reading before the padding behind the last entry, which ends a pipe in an error.
  await promisify(execFile)('tar', ['-x', '-f', unpacked, '-C', folder]);
  await rm(unpacked);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
