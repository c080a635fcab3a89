import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJava, findMaven, parseJavaVersion } from './java-runtime.ts';

test('the major version is read from old and new forms', () => {
  assert.deepEqual(parseJavaVersion('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime'), {
    version: '17.0.15',
    major: 17,
  });
  assert.deepEqual(parseJavaVersion('java version "1.8.0_392"'), { version: '1.8.0_392', major: 8 });
  assert.deepEqual(parseJavaVersion('openjdk version "24" 2025-03-18'), { version: '24', major: 24 });
  assert.deepEqual(parseJavaVersion('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21.0.2"'), {
    version: '21.0.2',
    major: 21,
  });
  assert.equal(parseJavaVersion('bash: java: command not found'), undefined);
});

test('what is missing is said', async () => {
  assert.deepEqual(await findJava({ PATH: '/nowhere' }), { kind: 'missing', reason: 'no java on PATH' });
  assert.deepEqual(await findJava({ PATH: '/nowhere', JAVA_HOME: '/none' }), {
    kind: 'missing',
    reason: 'JAVA_HOME is /none, and there is no bin/java in it',
  });
  assert.equal(await findMaven({}), undefined);
});
