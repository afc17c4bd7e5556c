import type { Manifest } from '../../core/manifest.ts'
import type { NodeResult, RunResult } from '../../core/run-result.ts'
import type { Colors } from '../output.ts'
import { labelById } from './node-label.ts'
import { formatCount, formatDuration } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * What `estimand start` says at its end: a table of what was built, so that a person knows what there is to
 * look at.
 */

/** A table of everything that was built; tests in one line. */
export function builtLines(result: RunResult, manifest: Manifest, colors: Colors): string[] {
  const typeOf = ({ nodeId }: NodeResult) => manifest.nodes[nodeId]?.resourceType
  const built = result.results.filter((one) => typeOf(one) !== 'test')
  const tests = result.results.filter((one) => typeOf(one) === 'test')
  const order = ['load', 'seed', 'model', 'job']
  const sorted = [...built].sort((a, b) => order.indexOf(typeOf(a) ?? '') - order.indexOf(typeOf(b) ?? ''))
  const rows = sorted.map((one) => {
    const { kind, name } = labelById(manifest.nodes, one.nodeId)
    const time = one.status === 'reused' ? 'kept' : formatDuration(one.durationMs)
    return [kind, name, one.rows === null ? '' : formatCount(one.rows), time]
  })
  if (tests.length > 0) rows.push(['tests', testCounts(tests), '', formatDuration(totalMs(tests))])
  const head = ['', '', 'rows', 'time'].map((title) => colors.bold(title))
  return [
    '',
    colors.bold('What was built'),
    ...tableLines({ head, rows, align: ['left', 'left', 'right', 'right'] }),
  ]
}

function testCounts(tests: readonly NodeResult[]): string {
  const count = (status: NodeResult['status']): number =>
    tests.filter((test) => test.status === status).length
  const parts = [`${count('pass')} of ${tests.length} passed`]
  if (count('warn') > 0) parts.push(`${count('warn')} warned`)
  return parts.join(', ')
}

function totalMs(results: readonly NodeResult[]): number {
  return results.reduce((sum, { durationMs }) => sum + durationMs, 0)
}

/** What to do next, as commands to copy. */
export function nextStepsLines(usesEmbedded: boolean, example: NextStepsExample, colors: Colors): string[] {
  const psql = usesEmbedded ? 'psql "$(npx estimand db url)"' : 'psql "$DATABASE_URL"'
  const steps = [
    [psql, 'look at the tables'],
    ...(example.relation
      ? [[`npx estimand show --inline "select * from ${example.relation}"`, 'or without psql']]
      : []),
    ...(example.modelPath
      ? [[`edit ${example.modelPath}, then npm start`, 'build again what you changed']]
      : []),
    ...(example.hasEvents ? [['npm start -- --events 10000000', 'ten million events']] : []),
    ['npx estimand --help', 'everything else'],
  ] as const
  const width = Math.max(...steps.map(([command]) => command!.length))
  const lines = steps.map(([command, meaning]) => `  ${colors.cyan(command!.padEnd(width))}  ${meaning}`)
  return ['', colors.bold('What next'), ...lines]
}

export interface NextStepsExample {
  readonly relation: string | null
  readonly modelPath: string | null
  readonly hasEvents: boolean
}
