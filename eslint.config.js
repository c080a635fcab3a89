// Lint with type information. Rules are chosen for correctness; layout is Prettier's. The dependency rules of
// CONTRIBUTING.md are here for editors; test/architecture checks them over the whole import graph.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const kafkaOnly = {
  group: ['kafkajs', 'kafkajs/*', '@kafkajs/*'],
  message: 'kafkajs lives behind packages/kafka: use a port of @astrolabe/kafka.',
};
const noDeepImports = {
  group: [
    '@astrolabe/*/*',
    '!@astrolabe/*/testing',
    '!@astrolabe/*/web-testing',
    '!@astrolabe/records/serde',
    '!@astrolabe/records/in-memory',
    '!@astrolabe/replay/follower',
    '!@astrolabe/service-kit/clock',
    '!@astrolabe/service-kit/connectors',
    '!@astrolabe/service-kit/errors',
    '!@astrolabe/service-kit/host-header',
    '!@astrolabe/service-kit/retry',
    '!@astrolabe/service-kit/terminal',
    '!@astrolabe/service-kit/tls',
    '!@astrolabe/testkit/browser',
    '!@astrolabe/tracing/in-memory',
    '!@astrolabe/schemas/avro',
    '!@astrolabe/mapper/user-state',
    '!@astrolabe/schemas/openapi.yaml',
    '!@astrolabe/*/config',
    '!@astrolabe/*/metrics',
    '!@astrolabe/*/openapi',
    '!@astrolabe/*/outcomes',
    '!@astrolabe/*/quantities',
    '!@astrolabe/*/audited-actions',
  ],
  message: "Import a package by its name: what its index.ts doesn't export is its own affair.",
};
/** What `@astrolabe/kafka/internal` exports is for packages/processing, which is built on the client itself. */
const noDeepImportsButTheClient = { ...noDeepImports, group: [...noDeepImports.group, '!@astrolabe/kafka/internal'] };
const noForeignRelatives = {
  group: ['../../../**/packages/*', '../../../**/services/*', '**/node_modules/**'],
  message: 'Import another workspace by its package name.',
};
const testOnly = {
  group: ['@astrolabe/testkit', '@astrolabe/local-pipeline', '@astrolabe/reference-api', '@astrolabe/demo'],
  message: 'Test tools and the reference API are for tests, demo, bench and chaos only.',
};
const impureBuiltins = [
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:http',
  'node:https',
  'node:child_process',
  'node:timers',
  'node:timers/promises',
  'node:worker_threads',
  'node:dns',
  'node:os',
  'node:process',
  'node:sqlite',
].map((name) => ({ name, message: 'core/ is pure: take the value as an argument, or move this to adapters/.' }));

const environmentOnce = { object: 'process', property: 'env', message: 'Configuration is read once, in main.ts.' };

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'schemas/src/generated/**', '.cache/**', '.data/**', 'coverage/**'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'cli/astrolabe.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allow: [{ name: 'bigint', from: 'lib' }] },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true, allowRethrowing: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      'no-restricted-imports': ['error', { patterns: [kafkaOnly, noDeepImports, noForeignRelatives, testOnly] }],
      'no-restricted-properties': [
        'error',
        environmentOnce,
        {
          object: 'Date',
          property: 'now',
          message:
            'Deadlines and durations go by a clock that cannot be set: Clock.monotonicMs or performance.now. For what is recorded: Clock.nowMs.',
        },
      ],
      // Our objects are closures or frozen data: taking a method off one is safe, and the ports are used that way.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      'no-control-regex': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    // The clock itself, code that talks to kafkajs or compares wall clocks, and the reference API, which dates answers.
    files: [
      'packages/service-kit/src/clock/clock.ts',
      'packages/kafka/src/kafkajs/**/*.ts',
      'packages/ledger/tools/**',
      'services/*/src/test-*.ts',
      'reference/**',
    ],
    rules: { 'no-restricted-properties': ['error', environmentOnce] },
  },
  {
    files: ['packages/kafka/**', 'packages/testkit/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [noDeepImports, noForeignRelatives] }] },
  },
  {
    files: ['packages/processing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [kafkaOnly, noDeepImportsButTheClient, noForeignRelatives, testOnly] },
      ],
    },
  },
  {
    files: [
      '**/*.test.ts',
      '**/testing/**',
      'test/**',
      'demo/**',
      'bench/**',
      'chaos/**',
      'tools/**',
      'schemas/tools/**',
      'packages/testkit/**',
      'packages/local-pipeline/**',
      'packages/segment/src/testing.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { patterns: [noDeepImports, noForeignRelatives] }],
      'no-restricted-properties': 'off',
      'no-console': 'off',
      'no-loss-of-precision': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // node:test's own functions return promises that the runner awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              name: ['test', 'describe', 'it', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
              package: 'node:test',
            },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['packages/processing/**/*.test.ts', 'packages/processing/**/testing/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [noDeepImportsButTheClient, noForeignRelatives] }] },
  },
  {
    // The browser: it has neither Node's modules nor a clock that cannot be set that people would read.
    files: ['services/console/web/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**', 'services/console/web/core/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [kafkaOnly, noDeepImports, testOnly, { group: ['node:*'], message: 'This runs in a browser.' }] },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'global', 'setImmediate'],
      'no-restricted-properties': ['error', environmentOnce],
    },
  },
  {
    files: [
      'services/*/src/main.ts',
      'reference/*/src/main.ts',
      'cli/src/main.ts',
      'packages/service-kit/src/config/read-config-or-exit.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: [
      'services/*/src/core/**/*.ts',
      'cli/src/core/**/*.ts',
      'packages/service-kit/src/terminal/**/*.ts',
      'packages/operations/src/core/**/*.ts',
      'packages/operations/src/*/core/**/*.ts',
      'packages/segment/src/**/*.ts',
      'services/console/web/core/**/*.ts',
    ],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: impureBuiltins, patterns: [kafkaOnly, noDeepImports, testOnly] }],
      'no-restricted-globals': [
        'error',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'performance',
        'crypto',
        'process',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'core/ is pure: take the time as an argument.' },
        { object: 'Math', property: 'random', message: 'core/ is pure: take the random number as an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'core/ is pure: take the time as an argument.',
        },
      ],
    },
  },
  { files: ['eslint.config.js', 'cli/astrolabe.js'], ...tseslint.configs.disableTypeChecked },
  { files: ['cli/astrolabe.js'], languageOptions: { globals: { process: 'readonly' } } },
);
