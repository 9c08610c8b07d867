// usage: lower.cjs VERSION [OTHER]. Prints OTHER if VERSION is lower.
const semver = require('../publish/npm-library.cjs')('semver')

const [version, other] = process.argv.slice(2)
if (other && semver.lt(version, other)) process.stdout.write(other)
