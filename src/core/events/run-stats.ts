import type { HookResult, NodeResult } from '../run-result.ts'

/** How many nodes ended how, in dbt's words and order. */
export interface RunStats {
  readonly pass: number
  readonly warn: number
  readonly error: number
  readonly skip: number
  readonly noop: number
  readonly reused: number
  readonly total: number
}

/** Counts the results of a run: its nodes and, as in dbt, the hooks of the project around it. */
export function runStats(
  nodes: readonly Pick<NodeResult, 'status'>[],
  hooks: readonly Pick<HookResult, 'status'>[] = [],
): RunStats {
  const results = [...nodes, ...hooks]
  const count = (...statuses: readonly NodeResult['status'][]) =>
    results.filter(({ status }) => statuses.includes(status)).length
  return {
    pass: count('success', 'pass'),
    warn: count('warn'),
    error: count('error', 'fail'),
    skip: count('skipped'),
    noop: count('no-op'),
    reused: count('reused'),
    total: results.length,
  }
}

/** The last line of a run, as scripts look for it in dbt's logs. */
export function statsLine({ pass, warn, error, skip, noop, reused, total }: RunStats): string {
  return `Done. PASS=${pass} WARN=${warn} ERROR=${error} SKIP=${skip} NO-OP=${noop} REUSED=${reused} TOTAL=${total}`
}
