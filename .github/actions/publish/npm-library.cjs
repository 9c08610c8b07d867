// What npm itself does with versions and specifiers: its own libraries, from the npm that came with this Node.
const path = require('node:path')

const beside = path.join(path.dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'package.json')
module.exports = require('node:module').createRequire(beside)
