/** An amount in the currency's smallest unit, as customers read it. */
export function money(amount, currency, language = 'en') {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
