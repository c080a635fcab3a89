/** fast-check arbitraries of JSON, for tests. */
import fc from 'fast-check';

/** Any JSON value, including member names such as `__proto__` and unpaired surrogates. */
export function anyJson(): fc.Arbitrary<unknown> {
  return fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
}

/** JSON text with whitespace where JSON allows it, long integers and escapes that `JSON.stringify` would not write. */
export function anyJsonText(): fc.Arbitrary<string> {
  const { value } = fc.letrec<{ value: string; object: string; array: string; scalar: string }>((tie) => ({
    scalar: fc.oneof(
      fc.constantFrom(
        'null',
        'true',
        'false',
        '-0',
        '1e3',
        '1.50',
        '1E-2',
        '"\\u0041"',
        '"\\/"',
        '"\\\\"',
        '"\\""',
        '"{[,:]}"',
        '""',
      ),
      fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map(String),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    ),
    array: spaced(fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`)),
    object: spaced(
      fc
        .array(fc.tuple(spaced(memberName()), tie('value')), { maxLength: 4 })
        .map((members) => `{${members.map(([name, member]) => `${name}:${member}`).join(',')}}`),
    ),
    value: spaced(fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('scalar'), tie('object'), tie('array'))),
  }));
  return value;
}

function memberName(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"a"', '"\\u0061"', '"__proto__"', '"\\"quoted\\""'),
  );
}

function spaced(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n');
  return fc.tuple(space, text, space).map((parts) => parts.join(''));
}
