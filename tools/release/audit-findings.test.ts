import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeAudit } from './audit-findings.ts';

const advisory = {
  name: 'fast-uri',
  title: 'path traversal',
  severity: 'high',
  url: 'https://github.com/advisories/GHSA-q3j6-qgpj-74h6',
};
const report = JSON.stringify({
  auditReportVersion: 2,
  vulnerabilities: { 'fast-uri': { via: [advisory] }, ajv: { via: ['fast-uri'] }, fastify: { via: ['ajv'] } },
});

test('a finding that nothing answers is named once, with its package', () => {
  assert.deepEqual(judgeAudit(report, 'no findings'), {
    kind: 'unanswered',
    findings: [{ id: 'GHSA-q3j6-qgpj-74h6', packageName: 'fast-uri', severity: 'high', title: 'path traversal' }],
  });
});

test('a finding that the document answers, and an audit that finds nothing, are clean', () => {
  const answered = judgeAudit(report, '| `GHSA-q3j6-qgpj-74h6` | no address of a sender is resolved |');
  assert.deepEqual(answered, { kind: 'clean', answered: ['GHSA-q3j6-qgpj-74h6'] });
  const none = JSON.stringify({ auditReportVersion: 2, vulnerabilities: {} });
  assert.deepEqual(judgeAudit(none, ''), { kind: 'clean', answered: [] });
});

test('a registry that does not audit is not taken for one that found nothing', () => {
  const refused = JSON.stringify({ message: '405 Method Not Allowed', statusCode: 405 });
  assert.deepEqual(judgeAudit(refused, ''), { kind: 'not-audited', reason: '405 Method Not Allowed' });
});
