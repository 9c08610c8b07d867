// usage: tag.cjs VERSION [PUBLISHED...]. Prints the dist-tag of a new version, and, if that is not what everybody installs by, a published version
// that is higher.
//
// A tag never goes back: `latest` (of pre-releases `next`) is for what is higher than all that is there, `release-1.0` (`next-1.0`) for what is
// highest in its line, and anything else has a tag of its own. Pre-releases do not stand in the way of releases, as npm counts, which itself
// refuses to move `latest` back: https://github.com/npm/cli/blob/latest/lib/commands/publish.js
const semver = require('./npm-library.cjs')('semver')

const [version, ...published] = process.argv.slice(2)
const { major, minor, prerelease } = semver.parse(version)
const higher = semver.rsort(
  published.filter((one) => semver.valid(one) && semver.gt(one, version) && (prerelease.length || !semver.prerelease(one))),
)
const inLine = higher.some((one) => semver.major(one) === major && semver.minor(one) === minor)
const line = inLine ? version : `${major}.${minor}`
const tag = prerelease.length ? 'next' : 'latest'
const word = prerelease.length ? 'next' : 'release'
console.log(higher.length ? `${word}-${line} ${higher[0]}` : tag)
