import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import type { TestNode } from '../../core/node.ts'
import { sql, unsafeSql } from '../../warehouse/index.ts'
import type { StepRunner } from '../run-context.ts'

/** Counts the rows that a test finds and compares them with its thresholds, in one query. */
export const runTest: StepRunner<TestNode> = async (node, _step, context) => {
  const compiled = withoutSemicolon(await context.compile(node, { isIncremental: false }))
  const limit = node.limit === undefined ? sql`` : sql`limit ${node.limit}`
  // Thresholds such as "> 10" are written by the project's author, as part of the comparison.
  const { rows } = await context.warehouse.query<{ failures: number; fails: boolean; warns: boolean }>(sql`
    select failures, failures ${unsafeSql(node.errorIf)} as fails, failures ${unsafeSql(node.warnIf)} as warns
    from (
      select coalesce(${unsafeSql(node.failCalc)}, 0)::bigint as failures
      from (
        ${unsafeSql(compiled.text)}
        ${limit}
      ) as failing
    ) as counted`)
  const { failures, fails, warns } = rows[0]!
  const verdict = node.severity === 'error' && fails ? 'fail' : warns ? 'warn' : 'pass'
  return {
    rows: failures,
    message: verdict === 'pass' ? 'pass' : `${failures} failing ${failures === 1 ? 'row' : 'rows'}`,
    compiledCode: compiled.text,
    publish: [],
    verdict,
  }
}
