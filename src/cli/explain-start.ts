import { makeGraph } from '../core/graph.ts'
import type { Manifest } from '../core/manifest.ts'
import { type ModelNode, relationKey } from '../core/node.ts'
import type { ExperimentNode, ExperimentStanding } from '../run/experiment-standing.ts'
import { sideBySideLines } from './display/causal-lines.ts'
import { foundBesideTruthLines } from './display/drift-lines.ts'
import { builtLines, type NextStepsExample, nextStepsLines } from './display/start-report.ts'
import { type JobFacts, truthLines } from './display/truth-lines.ts'
import type { Explanation, FinishedRun } from './execute-nodes.ts'

/** What `estimand start` adds to a run: what was built, what the experiments say beside the truth, what next. */
export async function explainStart({
  context,
  workspace,
  warehouse,
  result,
}: FinishedRun): Promise<Explanation> {
  const [
    { compareWithTruth },
    { experimentsIn, experimentStandings },
    { causalStandings, questionsIn },
    { driftJobsIn, driftStandings },
  ] = await Promise.all([
    import('../run/compare-with-truth.ts'),
    import('../run/experiment-standing.ts'),
    import('../run/causal-standing.ts'),
    import('../run/drift-standing.ts'),
  ])
  const { manifest, chosen } = workspace
  const { colors } = context.narrator.screen.output
  const comparisons = await compareWithTruth(warehouse, manifest)
  const experiments = experimentsIn(manifest)
  const standings = await experimentStandings(warehouse, experiments, { segments: false })
  const causal = await causalStandings(warehouse, manifest, questionsIn(manifest))
  const drift = await driftStandings(warehouse, driftJobsIn(manifest))
  const facts = new Map(experiments.map((node) => [node.name, factsOf(node, standings)]))
  return {
    lines: [
      ...builtLines(result, manifest, colors),
      ...truthLines(comparisons, (job) => facts.get(job)!, colors),
      ...sideBySideLines(
        causal.filter(({ asOf }) => asOf !== null),
        colors,
      ),
      ...foundBesideTruthLines(drift, colors),
      ...nextStepsLines(chosen.spec.engine === 'embedded', exampleFrom(manifest), colors),
    ],
    json: {
      truth: comparisons,
      causal: causal.map(({ name, verdicts, estimates }) => ({ name, verdicts, estimates })),
      drift: drift.map(({ name, changes, truth: known }) => ({ name, changes, truth: known })),
    },
  }
}

function factsOf({ name, spec }: ExperimentNode, standings: readonly ExperimentStanding[]): JobFacts {
  const decisions = standings.find((standing) => standing.name === name)?.decisions ?? []
  return {
    ciLevel: spec.ciLevel,
    goals: spec.outcomes.flatMap((outcome) => (outcome.role === 'goal' ? [outcome.name] : [])),
    decisions: new Map(decisions.map(({ treatment, decision }) => [treatment, decision])),
  }
}

/** A table worth looking at first: of the models that no other model reads, the one that is made from the most. */
function exampleFrom(manifest: Manifest): NextStepsExample {
  const graph = makeGraph(manifest)
  const nodes = Object.values(manifest.nodes)
  const models = nodes.filter((node): node is ModelNode => node.resourceType === 'model')
  const read = new Set(models.flatMap(({ dependsOn }) => dependsOn))
  const ends = models.filter(({ id, materialized }) => !read.has(id) && materialized !== 'ephemeral')
  const sources = (model: ModelNode): number => [...graph.ancestors([model.id])].length
  const [mart] = [...ends].sort((a, b) => sources(b) - sources(a))
  const hasEvents = nodes.some((node) => node.resourceType === 'load' && 'events' in node.spec.params)
  return {
    relation: mart ? relationKey(mart.relation) : null,
    modelPath: mart?.path ?? null,
    hasEvents,
  }
}
