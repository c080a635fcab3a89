/** Pages for tests: a folder as `services/console/web` is one. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { WebFiles } from '../server/web-files.ts';

export const pageFiles = {
  'index.html': `<!doctype html>
<html lang="en">
  <head>
    <title>A page for tests</title>
    <link rel="stylesheet" href="{{base}}assets/web/page.css" />
    <script type="importmap">{{importmap}}</script>
    {{preloads}}
    <script type="module" src="{{base}}assets/web/main.ts"></script>
  </head>
  <body data-base="{{base}}"></body>
</html>
`,
  'main.ts': `import { h } from 'preact';
import { answer, type Answer } from './state/answer.ts';

const found: Answer = answer;
export const title = \`found \${found.value satisfies number}\` as string;
void import('./later.ts').then(() => h);
`,
  'later.ts': 'export const later = true as boolean;\n',
  'state/answer.ts':
    'export interface Answer {\n  readonly value: number;\n}\n\nexport const answer: Answer = { value: 42 };\n',
  'state/answer.test.ts': 'throw new Error("a test is not for browsers");\n',
  'testing/fake.ts': 'throw new Error("nor is what tests use");\n',
  'page.css': `body { color: black; }\n${'/* what compresses well */\n'.repeat(50)}`,
} as const;

/** Removed after the test. */
export async function makeWebFolder(
  t: TestContext,
  files: Readonly<Record<string, string>> = pageFiles,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-console-web-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** For tests that look at no page. */
export const emptyWeb: WebFiles = {
  page: {
    contentType: 'text/html; charset=utf-8',
    etag: 'W/"empty"',
    body: Buffer.from('<!doctype html>'),
    gzipped: undefined,
  },
  contentSecurityPolicy: "default-src 'none'",
  version: 'empty',
  files: new Map(),
};
