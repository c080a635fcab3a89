/** The pages with a scripted API, for tests in a browser and for screenshots. */
export { createFakeApi, type FakeApi, type FakeApiOptions, type NotedRequest, type Scripted } from './fake-api.ts';
export { readPages, startWebServer, type WebServer } from './web-server.ts';
export { liveRow, liveRows } from './fixtures/live.ts';
export { deadLetter } from './fixtures/dead-letters.ts';
export { trail } from './fixtures/trail.ts';
export { overview } from './fixtures/overview.ts';
