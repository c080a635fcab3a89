/**
 * Every parser that meets what others wrote, on mutations of the inputs in `corpus/`: it answers, or refuses as
 * documented, and soon.
 *
 * Half a second each; longer: `FUZZ_SECONDS=20 node --test test/hostile/fuzz.test.ts`. `FUZZ_SEED` repeats a run. An
 * input that fails is kept in the corpus, where each later run begins with it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { seededRandom } from '@astrolabe/service-kit';
import { mutate } from './mutate.ts';
import { parsers } from './parsers.ts';

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 0.5);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
/** Of the processor's time, which a busy machine does not add to: a parser of at most 100 KB that takes more hangs. */
const MAX_CPU_MS = 5_000;

for (const { name, parse } of parsers) {
  test(
    `${name}: whatever it is given, it answers or refuses as documented, and soon`,
    { timeout: 600_000 },
    async (t) => {
      const folder = new URL(`corpus/${name}/`, import.meta.url);
      const corpus = await readCorpus(folder);
      assert.ok(corpus.length > 0, 'there is nothing to begin with');
      const random = seededRandom(SEED);
      const pick = (): Buffer => corpus[Math.floor(random() * corpus.length)] ?? Buffer.alloc(0);
      const check = async (input: Buffer): Promise<void> => {
        const before = process.cpuUsage();
        try {
          await parse(Buffer.from(input));
          const { user, system } = process.cpuUsage(before);
          const usedMs = Math.round((user + system) / 1_000);
          assert.ok(usedMs < MAX_CPU_MS, `used the processor for ${usedMs} ms`);
        } catch (error) {
          const path = new URL(`crash-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`, folder);
          await mkdir(folder, { recursive: true });
          await writeFile(path, input);
          throw new Error(`seed ${SEED}, input kept as ${path.pathname}`, { cause: error });
        }
      };
      for (const input of corpus) await check(input);
      const untilMs = performance.now() + SECONDS * 1_000;
      let runs = 0;
      for (; performance.now() < untilMs; runs += 1) await check(mutate(pick(), pick(), random));
      t.diagnostic(`${runs} inputs, seed ${SEED}`);
    },
  );
}

async function readCorpus(folder: URL): Promise<readonly Buffer[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map((name) => readFile(new URL(name, folder))));
}
