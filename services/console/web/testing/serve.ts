/** Serves the pages with scripted answers on http://127.0.0.1:3401/, for work on them: reload to see a change. */
import { createFakeApi } from './fake-api.ts';
import { startWebServer } from './web-server.ts';

const { url } = await startWebServer({ api: createFakeApi(), port: 3_401, isLive: true });
console.log(`the pages, with scripted answers: ${url}`);
