import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, suite, test } from 'node:test';
import { createScreen, screenOn, seconds, type Screen } from './screen.ts';

let written = '';
let nowMs = 0;

function open(options: { isTerminal: boolean; colours?: boolean; columns?: number }): Screen {
  return createScreen({
    write: (text) => {
      written += text;
    },
    isTerminal: options.isTerminal,
    colours: options.colours ?? false,
    columns: () => options.columns ?? 80,
    nowMs: () => nowMs,
  });
}

function pass(ms: number): void {
  nowMs += ms;
  mock.timers.tick(ms);
}

suite('the screen', () => {
  beforeEach(() => {
    written = '';
    nowMs = 0;
    mock.timers.enable({ apis: ['setInterval'] });
  });
  afterEach(() => mock.timers.reset());

  test('on a terminal all that is waited for shares one line, which goes away', () => {
    const screen = open({ isTerminal: true });
    screen.progress({ kind: 'started', step: 'starting Kafka', elapsedMs: 0 });
    screen.progress({ kind: 'started', step: 'starting the registry', elapsedMs: 0 });
    pass(120);
    assert.equal(written, '\r\u001b[2K  starting Kafka 0.1 s, starting the registry 0.1 s');
    screen.progress({ kind: 'finished', step: 'starting Kafka', elapsedMs: 1_000 });
    screen.progress({ kind: 'finished', step: 'starting the registry', elapsedMs: 1_000 });
    written = '';
    pass(1_000);
    screen.line('ready');
    assert.equal(written, 'ready\n');
  });

  test('the waiting line never wraps', () => {
    const screen = open({ isTerminal: true, columns: 30 });
    screen.progress({ kind: 'started', step: 'downloading a thing with a very long name', elapsedMs: 0 });
    pass(120);
    assert.equal(written.replace('\r\u001b[2K', '').length, 29);
    screen.close();
  });

  test('without a terminal there are plain lines only, and a long step says that it still runs', () => {
    const screen = open({ isTerminal: false });
    screen.progress({ kind: 'started', step: 'downloading', elapsedMs: 0 });
    pass(15_000);
    screen.progress({ kind: 'finished', step: 'downloading', elapsedMs: 16_000 });
    assert.deepEqual(
      written.split('\n').map((line) => line.replace(/ +/g, ' ')),
      [' downloading still under way after 15.0 s', ' downloading 16.0 s', ''],
    );
  });

  test('emphasis is plain text where colours are off', () => {
    assert.equal(open({ isTerminal: true }).style.bad('no'), 'no');
    assert.equal(open({ isTerminal: true, colours: true }).style.bad('no'), '\u001b[31mno\u001b[39m');
  });

  test('colours need a terminal, and yield to NO_COLOR and to continuous integration', () => {
    const isColoured = (env: NodeJS.ProcessEnv, isTTY = true): boolean =>
      screenOn({ isTTY, write: () => true, columns: 80 }, env).style.good('x') !== 'x';
    assert.ok(isColoured({}));
    assert.ok(isColoured({ NO_COLOR: '' }));
    assert.ok(!isColoured({ NO_COLOR: '1' }));
    assert.ok(!isColoured({ CI: 'true' }));
    assert.ok(!isColoured({ TERM: 'dumb' }));
    assert.ok(!isColoured({}, false));
  });

  test('durations are in seconds', () => {
    assert.equal(seconds(1_249), '1.2 s');
  });
});
