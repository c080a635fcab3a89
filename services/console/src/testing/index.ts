/** The console on its own server, for tests of its pages in a browser. */
export { startTestConsole, type TestConsole } from './test-console.ts';
export { makeUsersFile, passwordOf } from './users.ts';
