import assert from 'node:assert/strict';
import test from 'node:test';

import { line } from './invoice.js';

test('a line has article and amount', () => {
  assert.equal(line('book', 1999, 'EUR'), 'book: €19.99');
});
