import { money } from '@acme-payments/money';

/** One line of an invoice. */
export function line(article, amount, currency) {
  return `${article}: ${money(amount, currency)}`;
}
