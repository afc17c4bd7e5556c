// Runs a benchmark by name: npm run bench -- load [--events 5000000]. Without a name it lists them.
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

const folder = dirname(fileURLToPath(import.meta.url))
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.replace(/\.bench\.ts$/, ''))

const [name, ...args] = process.argv.slice(2)
if (!names.includes(name)) {
  console.error(`benchmarks: ${names.join(', ')}\nnpm run bench -- ${names[0] ?? 'NAME'}`)
  process.exit(2)
}
const jiti = createJiti(import.meta.url)
const { default: benchmark } = await jiti.import(join(folder, `${name}.bench.ts`))
await benchmark(args)
