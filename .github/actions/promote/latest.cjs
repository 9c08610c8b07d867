// usage: latest.cjs VERSION... Prints which of the versions everybody should install: the highest release, or the highest pre-release if there is no
// other. What is no version is left out.
const semver = require('../publish/npm-library.cjs')('semver')

const versions = process.argv.slice(2).filter((one) => semver.valid(one))
const releases = versions.filter((one) => !semver.prerelease(one))
process.stdout.write(semver.rsort(releases.length ? releases : versions)[0] ?? '')
