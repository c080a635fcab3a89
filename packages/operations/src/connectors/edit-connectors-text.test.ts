import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendConnector, changeWriteKeys, setMember } from './edit-connectors-text.ts';

const acme = { id: 'acme', name: 'Acme', apiKey: { env: 'ACME_KEY' }, freeEmailProviders: 'block' } as const;

const file = `{
    "$schema": "./connectors.schema.json",
    "connectors": [
        { "id": "one",  "name": "One", "apiKey": "k1" },
        {
            "id": "two",
            "name": "Two",
            "apiKey": {"file": "two.key"},
            "writeKeys": ["w1",
                          "w2"]
        }
    ]
}
`;

test('a connector is added at the end, indented as the file is, and nothing else changes', () => {
  assert.equal(
    appendConnector(file, acme),
    file.replace(
      '        }\n    ]',
      `        },
        {
            "id": "acme",
            "name": "Acme",
            "apiKey": {
                "env": "ACME_KEY"
            },
            "freeEmailProviders": "block"
        }
    ]`,
    ),
  );
});

test('the first connector makes a file, or fills an empty list', () => {
  assert.deepEqual(JSON.parse(appendConnector(undefined, acme)), { connectors: [acme] });
  assert.equal(appendConnector('{"connectors":[]}', acme), JSON.stringify({ connectors: [acme] }));
  assert.deepEqual(JSON.parse(appendConnector('{\n  "connectors": []\n}\n', acme)), { connectors: [acme] });
});

test('line ends of another system are kept', () => {
  const edited = appendConnector(file.replaceAll('\n', '\r\n'), acme);
  assert.equal(edited.replaceAll('\r\n', '').includes('\n'), false);
});

test('a member is replaced in place, or added last in the layout of the one before', () => {
  assert.equal(setMember(file, 0, 'name', 'Uno'), file.replace('"One"', '"Uno"'));
  assert.equal(setMember(file, 0, 'enabled', false), file.replace('"k1" }', '"k1", "enabled": false }'));
  assert.equal(setMember(file, 1, 'enabled', false), file.replace('"w2"]\n', '"w2"],\n            "enabled": false\n'));
  assert.equal(setMember(file, 1, 'apiKey', { env: 'K2' }), file.replace('{"file": "two.key"}', '{ "env": "K2" }'));
});

test('write keys are added at the end and taken out by their place', () => {
  const added = changeWriteKeys(file, 0, { added: ['k0', { env: 'OLD' }] });
  assert.equal(added, file.replace('"k1" }', '"k1", "writeKeys": ["k0", { "env": "OLD" }] }'));
  assert.equal(
    changeWriteKeys(added, 0, { removed: [0] }),
    file.replace('"k1" }', '"k1", "writeKeys": [{ "env": "OLD" }] }'),
  );
});
