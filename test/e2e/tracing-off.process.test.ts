/** Only OpenTelemetry's API is there in any case: prom-client loads it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const entry = join(import.meta.dirname, 'open-tracing-alone.ts');

async function openIn(env: Readonly<Record<string, string>>): Promise<{ isOn: boolean; loaded: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [entry], {
    env: { PATH: process.env['PATH'], ...env },
  });
  return JSON.parse(stdout) as { isOn: boolean; loaded: number };
}

test("nothing of OpenTelemetry's SDK is loaded while tracing is off, by any service", async () => {
  assert.deepEqual(await openIn({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }), { isOn: false, loaded: 0 });
  const on = await openIn({ OTEL_TRACES_EXPORTER: 'otlp' });
  assert.ok(on.isOn && on.loaded > 50, `${on.loaded} modules`);
});
