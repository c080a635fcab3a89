/**
 * Preloaded into a service (`node --import`) whose guarantee is to be taken away: changes its source as it is loaded.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTATION_VARIABLE, applyPatch, mutations, type Patch } from './mutation.ts';

const root = new URL('../../../', import.meta.url).href;
const name = process.env[MUTATION_VARIABLE] ?? '';
if (!Object.hasOwn(mutations, name)) throw new Error(`${MUTATION_VARIABLE} has no mutation of the name "${name}"`);
const patches: readonly Patch[] = mutations[name as keyof typeof mutations].patches;

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const own = patches.filter(({ file }) => url === root + file);
    if (own.length === 0) return loaded;
    if (loaded.source == null) throw new Error(`${fileURLToPath(url)} was loaded without its source`);
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: own.reduce(applyPatch, source) };
  },
});
