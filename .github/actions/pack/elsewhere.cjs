// usage: elsewhere.cjs BUNDLED... Reads a package.json from standard input and prints its dependencies that come from elsewhere than a registry, as npm reads them.
// What only developing the package needs is nobody else's, and what it brings along (BUNDLED: packages in its node_modules) is fetched from
// nowhere, if it says so too. https://docs.npmjs.com/cli/v11/configuring-npm/package-json#bundledependencies
// https://docs.npmjs.com/cli/v11/using-npm/package-spec
const npa = require('../publish/npm-library.cjs')('npm-package-arg')

const KINDS = ['dependencies', 'optionalDependencies', 'peerDependencies']

function fromRegistry(name, specifier) {
  try {
    return npa.resolve(name, specifier).registry === true
  } catch {
    return false // workspace:, catalog:, link: and others that npm does not know
  }
}

const manifest = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const bundle = manifest.bundleDependencies ?? manifest.bundledDependencies
const carried = process.argv.slice(2).filter((name) => bundle === true || (Array.isArray(bundle) && bundle.includes(name)))
const found = KINDS.flatMap((kind) =>
  Object.entries(manifest[kind] ?? {})
    .filter(([name, specifier]) => !fromRegistry(name, specifier) && (kind === 'peerDependencies' || !carried.includes(name)))
    .map(([name, specifier]) => `${kind}.${name} is ${specifier}`),
)
console.log(found.join(', '))
