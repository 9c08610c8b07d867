module.exports = (cents) => `<b>${require('@acme-payments/pnpm-core')(cents)}</b>`
