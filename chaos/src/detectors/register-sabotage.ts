/**
 * Preloaded into a service (`node --import`) whose guarantee is to be taken away: changes its source as it is loaded.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SABOTAGE_VARIABLE, applyPatch, sabotages, type Patch } from './sabotage.ts';

const root = new URL('../../../', import.meta.url).href;
const name = process.env[SABOTAGE_VARIABLE] ?? '';
if (!Object.hasOwn(sabotages, name)) throw new Error(`${SABOTAGE_VARIABLE} names no sabotage: "${name}"`);
const patches: readonly Patch[] = sabotages[name as keyof typeof sabotages].patches;

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
