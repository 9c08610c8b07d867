module.exports = (text) => `<button style="color: ${require("@acme-payments/tokens").accent}">${text}</button>`
