import assert from 'node:assert/strict';
import test from 'node:test';

import { money } from './money.js';

test('an amount has the currency\'s decimals', () => {
  assert.equal(money(1999, 'EUR'), '€19.99');
  assert.equal(money(1999, 'JPY'), '¥1,999');
});
