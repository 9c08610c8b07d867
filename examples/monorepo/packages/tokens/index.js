module.exports = { accent: "#0a7" }
