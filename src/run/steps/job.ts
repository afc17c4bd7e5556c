import type { JobNode, JobTableRelation, Node } from '../../core/node.ts'
import { runJob } from '../../jobs/index.ts'
import { buildRelation, partRelation } from '../relations.ts'
import type { StepRunner } from '../run-context.ts'
import { buildJobTable } from './job-table.ts'

/** Computes an analysis and makes its tables in the dark. */
export const runAnalysis: StepRunner<JobNode> = async (node, step, context) => {
  const { plan, warehouse, publishedRelation } = context
  const tableOf = (suffix: string): JobTableRelation => {
    const table = node.tables.find((each) => each.suffix === suffix)
    if (!table) throw new Error(`${node.id} declares no table '${suffix}'`)
    return table
  }
  const buildOf = (suffix: string) => buildRelation(plan.buildSchema, tableOf(suffix).relation)
  const deltaOf = (suffix: string) => partRelation(buildOf(suffix), 'delta')
  return warehouse.withSession(async (session) => {
    const { tables, summary } = await runJob({
      job: node,
      runId: plan.runId,
      session,
      relationOf: (ref) => context.relationOf(node, ref),
      buildOf,
      deltaOf,
      publishedOf: (suffix) =>
        step.action === 'increment' ? publishedRelation(tableOf(suffix).relation) : null,
    })
    const missing = node.tables.filter(({ suffix }) => !tables.some((table) => table.suffix === suffix))
    if (missing.length > 0)
      throw new Error(
        `${node.id} did not make ${missing.map(({ relation }) => relation.identifier).join(', ')}`,
      )
    const publish = []
    for (const table of tables) {
      const { relation } = tableOf(table.suffix)
      const described = describing(node, table.suffix, context.manifest.nodes)
      publish.push(await buildJobTable(session, table, { described, relation, context }))
    }
    return { rows: tables.reduce((sum, table) => sum + rowsIn(table), 0), message: summary, publish }
  })
}

function rowsIn({ rows }: { readonly rows: number | readonly unknown[] }): number {
  return typeof rows === 'number' ? rows : rows.length
}

/** The node that says what a table is to carry besides its rows. */
function describing(job: JobNode, suffix: string, nodes: Readonly<Record<string, Node>>): Node {
  if (suffix === '') return job
  const own = Object.values(nodes).find(
    (node) => node.resourceType === 'job_table' && node.job === job.id && node.suffix === suffix,
  )
  return own ?? job
}
