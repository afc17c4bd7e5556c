import { didYouMean } from '../core/did-you-mean.ts'
import { isInstant } from '../core/instant.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { PowerRequest, SetPower } from '../run/experiment-power.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { powerLines } from './display/power-lines.ts'
import { experimentNamed } from './show-experiments.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface PowerFlags {
  readonly metric?: readonly string[]
  readonly days: number
  readonly effect?: number
  readonly power: number
  readonly alpha: number
  readonly ratio: number
  readonly share: number
  readonly asOf?: string
  readonly output: 'text' | 'json'
}

/**
 * Tells what experiments can find: on the units of the project's metrics as they were before, or with the arms and
 * metrics of one that is declared.
 */
export async function planPowerOf(
  context: CommandContext,
  flags: PowerFlags,
  experiment?: string,
): Promise<ExitCode> {
  if (flags.asOf !== undefined && !isInstant(flags.asOf))
    throw usage(`'${flags.asOf}' is no date`, "write --as-of 2026-03-01 or '2026-03-01T00:00:00Z'")
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { metricSetsIn, plannableMetrics, powerFromHistory } = await import('../run/experiment-power.ts')
  const { experimentsIn } = await import('../run/experiment-standing.ts')
  const sets = metricSetsIn(workspace.manifest)
  const names = sets.flatMap(({ spec }) => plannableMetrics(spec).map(({ name }) => name))
  const { metric, effect, asOf, ...numbers } = flags
  for (const name of metric ?? [])
    if (!names.includes(name))
      throw usage(
        `there is no metric '${name}' in a set of metrics`,
        didYouMean(name, names) ?? listed(names),
      )
  const node =
    experiment === undefined ? undefined : experimentNamed(experimentsIn(workspace.manifest), experiment)
  const own = node?.spec.outcomes.flatMap(({ source }) => (source.from === 'metrics' ? [source.metric] : []))
  if (own && own.length === 0)
    throw usage(
      `'${node!.name}' has its units in a model of its own, of which there is no history`,
      'its metrics would have to be those of a file with kind: metrics',
    )
  const wanted = metric ?? own
  const request: PowerRequest = {
    ...{ alpha: numbers.alpha, power: numbers.power, days: numbers.days, effect: effect ?? null },
    ...{ ratio: node ? ratioOf(node.spec) : numbers.ratio, share: numbers.share },
    ...(asOf !== undefined && { asOf }),
    ...(node && asOf === undefined && node.spec.data.kind === 'exposures' && { asOf: node.spec.data.start }),
    ...(wanted && { metrics: wanted }),
  }
  const used = sets.filter(({ spec }) =>
    plannableMetrics(spec).some(({ name }) => wanted?.includes(name) ?? true),
  )
  if (used.length === 0)
    throw usage('the project has no set of metrics', 'declare one below analytics/ with kind: metrics')
  const plans = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    const found: SetPower[] = []
    for (const set of used) {
      context.narrator.phase(`Reading ${request.days} days of ${set.name}`, { passing: true })
      found.push(await powerFromHistory(warehouse, workspace.manifest, set, request))
    }
    return found
  })
  context.narrator.done()
  const { out } = context.terminal
  if (flags.output === 'json') out.write(`${JSON.stringify({ sets: plans }, null, 2)}\n`)
  else for (const line of powerLines(plans, request, out.colors)) out.write(`${line}\n`)
  return 0
}

/** The first treatment's weight over the control's. */
function ratioOf({ control, treatments, expectedWeights }: MetricsExperimentSpec): number {
  return expectedWeights[treatments[0]!]! / expectedWeights[control]!
}

type MetricsExperimentSpec = Parameters<typeof experimentNamed>[0][number]['spec']

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no set of metrics is declared' : `metrics: ${names.join(', ')}`
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('usage', message, { hint }))
}
