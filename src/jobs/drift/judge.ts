import type { DriftColumn, DriftSpec, DriftThreshold } from '../../core/drift-spec.ts'
import type { DriftVerdict } from '../../core/drift-tables.ts'
import { adjustPValues } from '../../stats/index.ts'
import type { DriftTest, Shift, TestResult, WindowComparison } from './compare-window.ts'

/*
 * What is drift: a shift that is large enough to matter, and larger than chance would often make one of so many.
 */

/** A shift with its verdict. */
export interface JudgedShift {
  readonly shift: Shift
  readonly pValue: number | null
  readonly pValueAdjusted: number | null
  readonly dispersion: number | null
  readonly threshold: DriftThreshold
  readonly verdict: DriftVerdict
  readonly reason: string | null
}

/** A comparison with the column that says how far it may move. */
export interface Compared {
  readonly column: DriftColumn
  readonly comparison: WindowComparison
}

/**
 * Judges all comparisons of a job together: the tests on which some threshold rests are one family, over columns, windows
 * and segments.
 */
export function judge(
  compared: readonly Compared[],
  { multiplicity, alpha }: Pick<DriftSpec, 'multiplicity' | 'alpha'>,
): JudgedShift[][] {
  const family = compared.flatMap(({ column, comparison }, index) =>
    testsJudged(column, comparison).flatMap((test) => {
      const result = comparison.tests[test]
      return result && 'pValue' in result ? [{ key: `${index} ${test}`, pValue: result.pValue }] : []
    }),
  )
  const plain = family.map(({ pValue }) => pValue)
  const adjusted = multiplicity === 'none' || plain.length === 0 ? plain : adjustPValues(plain, multiplicity)
  if ('refused' in adjusted) throw new Error(adjusted.refused)
  const adjustedOf = new Map(family.map(({ key }, place) => [key, adjusted[place]!]))
  return compared.map(({ column, comparison }, index) =>
    comparison.shifts.map((shift) => {
      const { test } = shift
      const result = test === null ? undefined : comparison.tests[test]
      const own = result && 'pValue' in result ? result : null
      const pValueAdjusted = own === null ? null : (adjustedOf.get(`${index} ${test}`) ?? null)
      const threshold = thresholdOf(column, shift)
      return {
        shift,
        pValue: own?.pValue ?? null,
        pValueAdjusted,
        dispersion: own && Number.isFinite(own.dispersion) ? own.dispersion : null,
        threshold,
        ...verdictOf(shift, threshold, result, pValueAdjusted, alpha),
      }
    }),
  )
}

/** The tests on which a threshold of the column rests. */
function testsJudged(column: DriftColumn, { shifts }: WindowComparison): DriftTest[] {
  const tests = shifts.flatMap((shift) => (isJudged(thresholdOf(column, shift)) ? (shift.test ?? []) : []))
  return [...new Set(tests)]
}

function thresholdOf({ thresholds }: DriftColumn, { statistic }: Shift): DriftThreshold {
  return (thresholds as Readonly<Record<string, DriftThreshold | undefined>>)[statistic] ?? {}
}

function isJudged({ warn, fail }: DriftThreshold): boolean {
  return warn !== undefined || fail !== undefined
}

function verdictOf(
  { value, note }: Shift,
  threshold: DriftThreshold,
  result: TestResult | { readonly refused: string } | undefined,
  pValueAdjusted: number | null,
  alpha: number,
): Pick<JudgedShift, 'verdict' | 'reason'> {
  if (typeof value !== 'number') return { verdict: 'refused', reason: value.refused }
  if (!isJudged(threshold)) return { verdict: 'informs', reason: note ?? null }
  const { warn = Infinity, fail = Infinity } = threshold
  const size = Math.abs(value)
  if (size < Math.min(warn, fail)) return { verdict: 'ok', reason: note ?? null }
  if (result && 'refused' in result) return { verdict: 'refused', reason: result.refused }
  if (pValueAdjusted !== null && pValueAdjusted > alpha)
    return { verdict: 'ok', reason: 'beyond the threshold, but windows of the reference differ as much' }
  return { verdict: size >= fail ? 'fail' : 'warn', reason: note ?? null }
}
