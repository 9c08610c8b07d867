// Loaded before npm: it starts no program, so neither git nor a package's scripts, whatever a lock file or a manifest of the registry says.
// npm prepares a git dependency by running a second npm in it, which reads that dependency's own .npmrc.
'use strict'
const children = require('node:child_process')

function refuse () {
  throw Object.assign(new Error('no program is started while dependencies are fetched'), { code: 'EPERM' })
}

for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']) {
  children[name] = refuse
}
children.ChildProcess.prototype.spawn = refuse
require('node:module').syncBuiltinESMExports()
