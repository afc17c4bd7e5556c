import type { JobNode } from '../../core/node.ts'
import { runJob, writeEstimates } from '../../jobs/index.ts'
import { buildRelation } from '../relations.ts'
import type { StepRunner } from '../run-context.ts'

/** Computes an analysis and writes its estimates in the dark. */
export const runAnalysis: StepRunner<JobNode> = async (node, _step, context) => {
  const build = buildRelation(context.plan.buildSchema, node.relation)
  return context.warehouse.withSession(async (session) => {
    const { estimates, summary } = await runJob({
      job: node,
      runId: context.plan.runId,
      session,
      relationOf: (ref) => context.relationOf(node, ref),
    })
    await writeEstimates(session, build, estimates)
    context.builds.add(node.relation, build)
    return {
      rows: estimates.length,
      message: summary,
      publish: [{ kind: 'swap-table', build, published: node.relation }],
    }
  })
}
