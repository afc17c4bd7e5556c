import type { Manifest } from '../core/manifest.ts'
import type { JobNode } from '../core/node.ts'
import type { TruthComparison } from '../core/truth-comparison.ts'
import { existingRelations, relationIdent, sql, type Warehouse } from '../warehouse/index.ts'

const truthTable = { schema: 'truth', identifier: 'effects' }

/**
 * Reads the effects that the jobs estimated and, where our generators wrote them, the true ones. Trends and differences
 * between segments are no effects of the treatment and have no truth there.
 */
export async function compareWithTruth(warehouse: Warehouse, manifest: Manifest): Promise<TruthComparison[]> {
  const jobs = Object.values(manifest.nodes).filter(
    (node): node is JobNode => node.resourceType === 'job' && node.spec.kind === 'experiment',
  )
  const found = await existingRelations(warehouse, [...jobs.map(({ relation }) => relation), truthTable])
  const stands = (relation: { schema: string; identifier: string }): boolean =>
    found.some(({ schema, identifier }) => schema === relation.schema && identifier === relation.identifier)
  const withTruth = stands(truthTable)
  const comparisons = await Promise.all(
    jobs.filter(({ relation }) => stands(relation)).map((job) => compareJob(warehouse, job, withTruth)),
  )
  return comparisons.flat()
}

async function compareJob(
  warehouse: Warehouse,
  job: JobNode,
  withTruth: boolean,
): Promise<TruthComparison[]> {
  const truth = withTruth
    ? sql`left join truth.effects as truth
        on truth.experiment = estimate.job and truth.metric = estimate.outcome and truth.scale = estimate.scale
        and truth.segment_name = 'all'`
    : sql`cross join (select null::float8 as value) as truth`
  const { rows } = await warehouse.query<Omit<TruthComparison, 'question' | 'covered'>>(sql`
    select
      estimate.job,
      estimate.outcome,
      estimate.treatment,
      estimate.method,
      estimate.scale,
      estimate.status,
      estimate.reason,
      estimate.estimate,
      estimate.ci_lower as "ciLower",
      estimate.ci_upper as "ciUpper",
      estimate.p_value as "pValue",
      truth.value as truth
    from ${relationIdent(job.relation)} as estimate
    ${truth}
    where estimate.segment_name is null and estimate.estimand in ('ate', 'lift')
    order by estimate.outcome, estimate.scale, estimate.method`)
  return rows.map((row) => ({ ...row, question: job.spec.question, covered: isCovered(row) }))
}

function isCovered({
  ciLower,
  ciUpper,
  truth,
}: Pick<TruthComparison, 'ciLower' | 'ciUpper' | 'truth'>): boolean | null {
  if (ciLower === null || ciUpper === null || truth === null) return null
  return ciLower <= truth && truth <= ciUpper
}
