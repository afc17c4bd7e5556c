// Runs a benchmark by name: npm run bench -- load-file [--rows 5000000]. Without a name it lists them; with --help it
// prints what docs/benchmarks.md says of one.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

const folder = dirname(fileURLToPath(import.meta.url))
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace(/\.bench\.ts$/, ''))
const isHelp = (arg) => arg === '--help' || arg === '-h'

const [name, ...args] = process.argv.slice(2)
if (name === undefined || isHelp(name)) {
  console.log(
    `usage: npm run bench -- NAME [options]; options of one: npm run bench -- NAME --help\n${listed()}`,
  )
  process.exit(name === undefined ? 2 : 0)
}
if (!names.includes(name)) refuse(`there is no benchmark '${name}'\n${listed()}`)
if (args.some(isHelp)) {
  console.log(helpOf(name))
  process.exit(0)
}
const { default: benchmark } = await createJiti(import.meta.url).import(join(folder, `${name}.bench.ts`))
try {
  await benchmark(args)
} catch (error) {
  if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
  refuse(`${error.message.split(/\. |\n/)[0]}; see npm run bench -- ${name} --help`)
}

function refuse(message) {
  console.error(message)
  process.exit(2)
}

function listed() {
  return `benchmarks: ${names.join(', ')}`
}

/** What stands above the options, and the options, of a benchmark's section in the documentation. */
function helpOf(benchmark) {
  const text = readFileSync(join(folder, '..', 'docs', 'benchmarks.md'), 'utf8')
  const [, section = ''] = text.split(`\n## \`npm run bench -- ${benchmark}\`\n`)
  const lines = section.split(/\n## /)[0].trim().split('\n')
  const options = lines
    .filter((line) => line.startsWith('| `--'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
  const width = Math.max(...options.map(([option]) => option.length))
  const shown = options.map(([option, otherwise, about]) => {
    const more = [about, otherwise && `(${otherwise})`].filter(Boolean).join(' ')
    return `  ${option.padEnd(width)}  ${more}`.trimEnd()
  })
  const about = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('|')),
  )
  return [...about, ...shown].join('\n')
}
