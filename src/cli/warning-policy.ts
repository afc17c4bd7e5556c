import { createRequire } from 'node:module'
import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'
import type { ProblemCode } from '../core/problem-catalogue.ts'
import type { GlobalFlags } from './flags.ts'

/*
 * What becomes of warnings: --warn-error makes errors of them, --warn-error-options of some of them, and keeps
 * others from being told at all. Warnings are named by their codes, or by what dbt calls the same.
 */

export type Verdict = 'error' | 'warning' | 'silent'

/** Says what becomes of a warning. */
export type WarningPolicy = (problem: Problem) => Verdict

const dbtNames: Readonly<Record<string, ProblemCode>> = {
  NoNodesForSelectionCriteria: 'selection-empty',
  NoNodesSelected: 'selection-empty',
  UnversionedBreakingChange: 'contract-change',
}

/** Reads the flags. */
export function warningPolicy({ warnError, warnErrorOptions }: GlobalFlags): WarningPolicy {
  const { errors, warnings, silent } = readOptions(warnErrorOptions)
  const isAmong = (names: Names, { code }: Problem): boolean => names === 'all' || names.includes(code)
  return (problem) => {
    if (problem.severity === 'error') return 'error'
    if (isAmong(silent, problem)) return 'silent'
    const isError = warnError === true || isAmong(errors, problem)
    return isError && !(warnings !== 'all' && warnings.includes(problem.code)) ? 'error' : 'warning'
  }
}

/** Tells warnings as the flags ask for; throws those that are errors. */
export function tellWarnings(
  warnings: readonly Problem[],
  {
    flags,
    narrator,
  }: { readonly flags: GlobalFlags; readonly narrator: { problem: (problem: Problem) => void } },
): void {
  const judge = warningPolicy(flags)
  const judged = warnings.map((problem) => ({ problem, verdict: judge(problem) }))
  for (const { problem, verdict } of judged) if (verdict === 'warning') narrator.problem(problem)
  const errors = judged.filter(({ verdict }) => verdict === 'error')
  if (errors.length > 0)
    throw new ProblemError(errors.map(({ problem }) => ({ ...problem, severity: 'error' as const })))
}

type Names = 'all' | readonly string[]

function readOptions(text: string | undefined) {
  const options = text === undefined ? {} : parsed(text)
  const names = (...keys: readonly string[]): Names => {
    const values = keys.flatMap((key) => options[key] ?? [])
    if (values.some((value) => value === 'all' || value === '*')) return 'all'
    return values.map((value) => dbtNames[String(value)] ?? String(value))
  }
  return {
    errors: names('error', 'include'),
    warnings: names('warn', 'exclude'),
    silent: names('silence'),
  }
}

const optionKeys = ['error', 'warn', 'silence', 'include', 'exclude']

function parsed(text: string): Readonly<Record<string, unknown>> {
  // What reads YAML is large, and few commands have the flag.
  const yaml: typeof import('yaml') = createRequire(import.meta.url)('yaml')
  let value: unknown
  try {
    value = yaml.parse(text)
  } catch {
    value = undefined
  }
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
  const unknown = isMapping ? Object.keys(value as object).filter((key) => !optionKeys.includes(key)) : []
  if (isMapping && unknown.length === 0) return value as Readonly<Record<string, unknown>>
  throw new ProblemError(
    makeProblem(
      'usage',
      unknown.length > 0
        ? `--warn-error-options does not know '${unknown[0]}'`
        : '--warn-error-options must be a mapping in YAML or JSON',
      { hint: "for example --warn-error-options '{error: all, silence: [selection-empty]}'" },
    ),
  )
}
