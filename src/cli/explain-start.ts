import type { Manifest } from '../core/manifest.ts'
import { type ModelNode, relationKey } from '../core/node.ts'
import { builtLines, type NextStepsExample, nextStepsLines } from './display/start-report.ts'
import { truthLines } from './display/truth-lines.ts'
import type { Explanation, FinishedRun } from './execute-nodes.ts'

/** What `estimand start` adds to a run: what was built, what the experiments say beside the truth, what next. */
export async function explainStart({
  context,
  workspace,
  warehouse,
  result,
}: FinishedRun): Promise<Explanation> {
  const { compareWithTruth } = await import('../run/compare-with-truth.ts')
  const { manifest, chosen } = workspace
  const { colors } = context.narrator.screen.output
  const comparisons = await compareWithTruth(warehouse, manifest)
  return {
    lines: [
      ...builtLines(result, manifest, colors),
      ...truthLines(comparisons, colors),
      ...nextStepsLines(chosen.spec.engine === 'embedded', exampleFrom(manifest), colors),
    ],
    json: { truth: comparisons },
  }
}

/** A table worth looking at first: a model that no other model reads, the last one of the project. */
function exampleFrom(manifest: Manifest): NextStepsExample {
  const nodes = Object.values(manifest.nodes)
  const read = new Set(nodes.flatMap((node) => (node.resourceType === 'model' ? node.dependsOn : [])))
  const models = nodes.filter((node): node is ModelNode => node.resourceType === 'model')
  const mart = models.filter((model) => !read.has(model.id) && model.materialized !== 'ephemeral').at(-1)
  const hasEvents = nodes.some((node) => node.resourceType === 'load' && 'events' in node.spec.params)
  return {
    relation: mart ? relationKey(mart.relation) : null,
    modelPath: mart?.path ?? null,
    hasEvents,
  }
}
