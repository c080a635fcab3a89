import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHtmlSpace } from './template-space.ts';

test('a line break is a blank, but at the beginning and the end of a template', () => {
  assert.deepEqual(withHtmlSpace(['\n  <p>\n    one,\n    ', '\n  and ', '</p>\n']), ['<p> one, ', ' and ', '</p>']);
  assert.deepEqual(withHtmlSpace(['<p>a  b</p>']), ['<p>a  b</p>']);
  assert.deepEqual(withHtmlSpace([' ', ' and ', ' ']), [' ', ' and ', ' ']);
  assert.deepEqual(withHtmlSpace(['', '']), ['', '']);
});
