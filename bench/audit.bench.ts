import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { AuditedMethod, AuditedPeeking } from '../src/jobs/audit/audit-methods.ts'
import type { ReportedAudit } from '../src/jobs/audit/audit-report.ts'
import type { ExperimentAudit } from '../src/run/audit-experiment.ts'
import { holdToLimit, printFigure } from './limits.ts'

/*
 * Whether the methods of experiments keep what they promise: every method on made-up experiments of the design that it
 * is for, and those that an audit knows on the units of the reference project. Bias, coverage, false positives and power
 * over many seeded replications; and looking every day.
 * For the night: it takes minutes. Figures do not depend on the machine.
 */

const root = fileURLToPath(new URL('..', import.meta.url))
/** Methods that look at units one by one are audited on fewer of them. */
const ofRows = ['bootstrap', 'cupac', 'regression_adjustment', 'permutation_test']
/** Monte Carlo errors beyond which a rate is no accident, among some hundred that are looked at. */
const noAccident = 4
/** Intervals of skewed outcomes hold a little less than they promise while there are few units. */
const skewAllowance = 0.01

/** `--replications N` (1,000), `--units N` (3,000), `--row-units N` (600), `--lift L` (0.1), `--threads N`, `--experiment NAME`, `--only simulated|project`. */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      replications: { type: 'string', default: '1000' },
      units: { type: 'string', default: '3000' },
      'row-units': { type: 'string', default: '600' },
      lift: { type: 'string', default: '0.1' },
      threads: { type: 'string' },
      experiment: { type: 'string', default: 'big_cart_button' },
      only: { type: 'string' },
    },
  })
  const { replications, lift, experiment, only } = values
  const onThreads = values.threads === undefined ? [] : ['--threads', values.threads]
  if (only !== 'project') auditSimulated([...onThreads, '--replications', replications])
  if (only === 'simulated') return
  // Tests that need models which are not among them are for other days.
  run(['build', '--select', `+${experiment}`, '--indirect-selection', 'buildable', '--quiet'])
  const shared = ['--replications', replications, '--lift', lift]
  const audits = [
    audit([experiment, '--units', values.units, ...shared, ...onThreads]),
    audit([experiment, '--units', values['row-units'], '--method', ...ofRows, ...shared, ...onThreads]),
  ]
  for (const { units, days, request } of audits)
    printFigure(
      'audited',
      `${units} units, ${days} days, ${request.replications} replications, seed ${request.seed}`,
    )
  const methods = audits.flatMap((each) => each.methods)
  for (const one of [0, Number(lift)]) printMethods(methods.filter((method) => method.lift === one))
  const peeking = audits[0]!.peeking
  printPeeking(peeking)
  holdMethods(methods)
  holdPeeking(peeking)
}

/** Every method on made-up experiments. */
function auditSimulated(args: readonly string[]): void {
  const begun = performance.now()
  const text = run(['audit', '--simulated', ...args, '--output', 'json'])
  const seconds = (performance.now() - begun) / 1000
  const { audits } = JSON.parse(text) as { audits: ReportedAudit[] }
  const [{ request }] = audits as [ReportedAudit]
  printFigure(
    'simulated',
    `${audits.length} designs, ${request.replications} replications, seed ${request.seed}, ${seconds.toFixed(0)} s`,
  )
  for (const { experiment, methods, peeking } of audits) {
    console.log(`\n${experiment}`)
    for (const one of new Set(methods.map((method) => method.lift)))
      printMethods(methods.filter((method) => method.lift === one))
    if (peeking.some(({ looks }) => looks > 1)) printPeeking(peeking)
  }
  holdMethods(
    audits.flatMap(({ methods }) => methods.filter(({ method }) => method !== 'decision')),
    [...audits.flatMap(({ methods, hasNull }) => methods.filter(({ lift }) => hasNull && lift === 0))],
  )
  holdPeeking(audits.flatMap(({ peeking }) => peeking.filter(({ looks }) => looks > 1)))
}

function run(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/estimand.js', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`estimand ${args.join(' ')} failed: ${stderr}${stdout}`)
  return stdout
}

function audit(args: readonly string[]): ExperimentAudit {
  return (JSON.parse(run(['audit', ...args, '--output', 'json'])) as { audits: ExperimentAudit[] }).audits[0]!
}

/** By method, over its outcomes: rates with the outcome that is farthest from what was promised. */
function printMethods(methods: readonly AuditedMethod[]): void {
  const lift = methods[0]?.lift ?? 0
  console.log(`\n${lift === 0 ? 'nothing to find' : `a true lift of ${lift}`}`)
  for (const [name, rows] of grouped(methods)) {
    // JSON has no NaN: what was refused throughout is null there.
    const answered = rows.filter(({ rejection }) => Number.isFinite(rejection.value))
    if (answered.length === 0) {
      printFigure(name, 'refused')
      continue
    }
    const range = (pick: (row: AuditedMethod) => number): string => {
      const found = answered.map(pick).filter((value) => Number.isFinite(value))
      return found.length === 0 ? 'none' : `${percent(Math.min(...found))} to ${percent(Math.max(...found))}`
    }
    // A test that estimates nothing has no bias.
    const estimated = answered.filter(({ bias }) => bias.error > 0)
    const biased = Math.max(0, ...estimated.map(({ bias }) => Math.abs(bias.value / bias.error)))
    printFigure(
      name,
      `coverage ${range(({ coverage }) => coverage.value ?? Number.NaN)}, ${lift === 0 ? 'false positives' : 'power'} ${range(({ rejection }) => rejection.value)}, bias at most ${biased.toFixed(1)} errors`,
    )
  }
}

function printPeeking(peeking: readonly AuditedPeeking[]): void {
  console.log('\nlooking every day: how often some look left out the truth')
  for (const [name, rows] of grouped(peeking)) {
    const rates = rows.map(({ rejection }) => rejection.value)
    printFigure(name, `missed ${percent(Math.min(...rates))} to ${percent(Math.max(...rates))}`)
  }
}

function grouped<Row extends { readonly method: string; readonly scale: string }>(
  rows: readonly Row[],
): [string, Row[]][] {
  const names = [...new Set(rows.map(({ method, scale }) => `${method}, ${scale}`))]
  return names.map((name) => [name, rows.filter(({ method, scale }) => `${method}, ${scale}` === name)])
}

function holdMethods(
  methods: readonly AuditedMethod[],
  nulls = methods.filter(({ lift }) => lift === 0),
): void {
  const worst = (values: readonly number[]): number =>
    Math.max(...values.filter((value) => Number.isFinite(value)))
  const short = worst(
    methods.map(({ coverage }) =>
      coverage.value === null ? Number.NaN : (0.95 - skewAllowance - coverage.value) / coverage.error,
    ),
  )
  const inflated = worst(
    nulls.map(({ rejection }) => (rejection.value - 0.05 - skewAllowance) / rejection.error),
  )
  holdInErrors('\ncoverage short of 94 %, errors', short)
  holdInErrors('false positives beyond 6 %, errors', inflated)
}

function holdPeeking(peeking: readonly AuditedPeeking[]): void {
  const valid = peeking.filter(({ ciKind }) => ciKind === 'always_valid')
  const fixed = peeking.filter(({ ciKind }) => ciKind === 'fixed_horizon')
  holdInErrors(
    'always valid, beyond 6 %, errors',
    Math.max(...valid.map(({ rejection }) => (rejection.value - 0.05 - skewAllowance) / rejection.error)),
  )
  const least = Math.min(...fixed.map(({ rejection }) => rejection.value))
  holdToLimit({
    label: 'fixed horizon, least inflated',
    value: 0.1 / least,
    limit: 1,
    shown: `${percent(least)} where 5 % were promised, at least 10 % expected; as a share of that`,
  })
}

function holdInErrors(label: string, value: number): void {
  holdToLimit({ label, value, limit: noAccident, shown: value.toFixed(1) })
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`
}
