module.exports = (cents) => `<b>${require('@acme-payments/yarn-core')(cents)}</b>`
