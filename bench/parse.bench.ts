import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeLayeredProject } from './layered-project.ts'
import { type MeasuredCommand, measureCommand } from './measured-command.ts'

/*
 * Reading and compiling a project, as wall time of the whole command, process start included: from nothing, and
 * again after one file changed. dbt does the same beside us where it is installed.
 */

/** `--models N` (1,000), each with two tests; `--rounds N` (5) after one file changed, of which the median counts. */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { models: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '5' } },
  })
  const models = Number(values.models)
  const rounds = Number(values.rounds)
  const folder = mkdtempSync(join(tmpdir(), 'estimand-bench-'))
  try {
    writeLayeredProject(folder, models)
    writeFileSync(join(folder, 'profiles.yml'), profile)
    print('models, tests', `${models.toLocaleString('en')}, ${(2 * models).toLocaleString('en')}`)
    const cold = await measureCommand(['parse'], folder)
    print('Estimand, parse, cold', describe(cold.seconds, cold.peakMemoryMb))
    const warm = await measureWarm('parse', folder, rounds)
    await measureWarm('ls', folder, rounds)
    await measureCommand(['compile'], folder)
    await measureWarm('compile', folder, rounds)
    const dbt = timeDbt(folder)
    if (dbt === null) return print('dbt', 'not installed (pip install dbt-core dbt-postgres)')
    print('dbt, cold', `${dbt.cold.toFixed(2)} s`)
    print('dbt, one file changed', `${dbt.warm.toFixed(2)} s`)
    print(
      'ratio cold, one file changed',
      `${(dbt.cold / cold.seconds).toFixed(1)}, ${(dbt.warm / warm.seconds).toFixed(1)}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const profile = `layered:
  target: bench
  outputs:
    bench: { type: postgres, host: localhost, port: 5432, user: bench, password: bench, dbname: bench, schema: bench, threads: 4 }
`

/** Runs a command after each of some changes; gives the median round. */
async function measureWarm(command: string, folder: string, rounds: number): Promise<MeasuredCommand> {
  const measured: MeasuredCommand[] = []
  for (let round = 0; round < rounds; round++) {
    touch(folder)
    measured.push(await measureCommand([command], folder))
  }
  measured.sort((a, b) => a.seconds - b.seconds)
  const median = measured[measured.length >> 1]!
  const fastest = `at best ${measured[0]!.seconds.toFixed(2)} s`
  print(
    `Estimand, ${command}, one file changed`,
    `${describe(median.seconds, median.peakMemoryMb)}; ${fastest}`,
  )
  return median
}

/** A change that only one model sees. */
function touch(folder: string): void {
  appendFileSync(join(folder, 'models', 'layer_1', 'model_1_0.sql'), '-- changed\n')
}

function timeDbt(folder: string): { cold: number; warm: number } | null {
  const parse = (...flags: string[]): number | null => {
    const startedAt = performance.now()
    const { status, error } = spawnSync('dbt', ['parse', '--profiles-dir', folder, ...flags], { cwd: folder })
    return error || status !== 0 ? null : (performance.now() - startedAt) / 1000
  }
  const cold = parse('--no-partial-parse')
  if (cold === null) return null
  parse()
  touch(folder)
  return { cold, warm: parse() ?? Number.NaN }
}

function describe(seconds: number, peakMemoryMb: number | null): string {
  return `${seconds.toFixed(2)} s${peakMemoryMb === null ? '' : `, ${Math.round(peakMemoryMb)} MB`}`
}

function print(label: string, value: string): void {
  console.log(`${label.padEnd(36)} ${value}`)
}
