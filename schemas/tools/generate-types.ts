/**
 * Writes `src/generated/commands.ts` from `avro/*.avsc`. With `--check` it writes nothing and exits 1 if the file
 * differs from what it would write. The output depends on the schema files alone.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  commandSchemaFolder,
  isUnion,
  type AvroField,
  type AvroRecordSchema,
  type AvroSchema,
} from '../src/avro-files.ts';

const outputFile = new URL('../src/generated/commands.ts', import.meta.url);
const lineWidth = 116;

/** Records whose TypeScript form is written by hand; see `src/property-value.ts` for why. */
const handWritten: Readonly<Record<string, string>> = { PropertyValue: '../property-value.ts' };

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
};

function generate(folder: URL): string {
  const records = readdirSync(folder)
    .filter((name) => name.endsWith('.avsc'))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as AvroRecordSchema);
  const generated = records.filter((record) => handWritten[record.name] === undefined);
  const commands = generated.filter((record) => record.fields.some((field) => field.name === 'commandId'));
  const imports = records.flatMap((record) => {
    const from = handWritten[record.name];
    return from === undefined ? [] : [`import type { ${record.name} } from '${from}';`];
  });
  return [
    '// Generated from schemas/avro/*.avsc by `npm run generate`. Change those, not this.',
    ...imports,
    '',
    ...generated.flatMap((record) => [...renderRecord(record), '']),
    '/** Names of the command records, which are the names of their schemas. */',
    `export const commandKinds = [${commands.map(({ name }) => `'${name}'`).join(', ')}] as const;`,
    '',
    'export type CommandKind = (typeof commandKinds)[number];',
    '',
    '/** A command with the name of its record, which tells the records apart. */',
    'export type Command =',
    ...commands.map(
      ({ name }, index) =>
        `  | { readonly kind: '${name}'; readonly record: ${name} }${index === commands.length - 1 ? ';' : ''}`,
    ),
    '',
  ].join('\n');
}

function renderRecord(record: AvroRecordSchema): string[] {
  return [
    ...renderDoc(record.doc, ''),
    `export interface ${record.name} {`,
    ...record.fields.flatMap((field, index) => [...(index === 0 ? [] : ['']), ...renderField(field)]),
    '}',
  ];
}

function renderField(field: AvroField): string[] {
  return [...renderDoc(field.doc, '  '), `  readonly ${field.name}: ${renderType(field.type)};`];
}

function renderType(schema: AvroSchema): string {
  if (typeof schema === 'string') return primitives[schema] ?? schema;
  if (isUnion(schema)) return schema.map(renderType).join(' | ');
  if ('fields' in schema) throw new Error(`record ${schema.name} is nested: give it a file of its own`);
  if (schema.items !== undefined) return `readonly (${renderType(schema.items)})[]`;
  if (schema.values !== undefined) return `{ readonly [name: string]: ${renderType(schema.values)} }`;
  return renderType(schema.type);
}

function renderDoc(doc: string, indent: string): string[] {
  const text = doc.replaceAll('*/', '*\\/');
  if (`${indent}/** ${text} */`.length <= lineWidth) return [`${indent}/** ${text} */`];
  return [
    `${indent}/**`,
    ...wrap(text, lineWidth - indent.length - 3).map((line) => `${indent} * ${line}`),
    `${indent} */`,
  ];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function currentOutput(): string | undefined {
  try {
    return readFileSync(outputFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const output = generate(commandSchemaFolder);
const upToDate = currentOutput() === output;
if (process.argv.includes('--check')) {
  if (!upToDate) {
    process.stderr.write(
      'schemas/src/generated/commands.ts is not what schemas/avro/*.avsc say. Run `npm run generate` and commit the result.\n',
    );
    process.exitCode = 1;
  }
} else if (!upToDate) {
  writeFileSync(outputFile, output);
}
