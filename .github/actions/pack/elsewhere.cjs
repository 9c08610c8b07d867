// Reads a package.json from standard input and prints its dependencies that come from elsewhere than a registry, as npm reads them.
// What only developing the package needs is nobody else's. https://docs.npmjs.com/cli/v11/using-npm/package-spec
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
const found = KINDS.flatMap((kind) =>
  Object.entries(manifest[kind] ?? {})
    .filter(([name, specifier]) => !fromRegistry(name, specifier))
    .map(([name, specifier]) => `${kind}.${name} is ${specifier}`),
)
console.log(found.join(', '))
