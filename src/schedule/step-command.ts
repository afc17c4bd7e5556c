import type { CommandStep, Dag, DagStep, ExportStep, NodesStep, OperationStep } from '../core/dag.ts'
import { type DagTemplateValues, renderDagText, renderDagValue } from '../core/dag-template.ts'
import type { ClaimedStep } from '../store/dags/index.ts'
import { templateValues } from './template-values.ts'
import { stepOf } from './worker.ts'

/*
 * What a step of a run comes down to: a command line of our own, or a program.
 */

export type StepCommand =
  | {
      readonly kind: 'estimand'
      /** Without what stands for all steps: folders, colours. */
      readonly args: readonly string[]
      /** Whether its runs of nodes can go on with what one before has built. */
      readonly goesOn: boolean
    }
  | {
      readonly kind: 'program'
      readonly argv: readonly string[]
      readonly env: Readonly<Record<string, string>>
    }

type Environment = Readonly<Record<string, string | undefined>>

/** What of a claimed step tells its command. */
export type CommandOf = Pick<ClaimedStep, 'dag' | 'step' | 'dagRunId'> & {
  readonly run: Pick<ClaimedStep['run'], 'intervalStart' | 'intervalEnd' | 'vars'>
}

/** The command of a step; throws where a template needs a variable of the environment that is not set. */
export function stepCommand(claimed: CommandOf, environment: Environment): StepCommand {
  const step = stepOf(claimed)
  const { dag, run } = claimed
  const values = templateValues(dag, { dagRunId: claimed.dagRunId, ...run })
  const text = (template: string): string => String(renderDagText(template, values, environment))
  if (step.kind === 'command') return programOf(step, dag, text)
  const shared = sharedArgs(claimed, step, values, environment)
  const args = (value: unknown) => renderDagValue(value, values, environment)
  switch (step.kind) {
    case 'export':
      return { kind: 'estimand', args: [...exportArgs(step, text), ...shared], goesOn: false }
    case 'operation':
      return { kind: 'estimand', args: [...operationArgs(step, args), ...shared], goesOn: false }
    case 'source_freshness':
      return {
        kind: 'estimand',
        args: ['source', 'freshness', ...selectArgs(step), ...shared],
        goesOn: false,
      }
    default:
      return { kind: 'estimand', args: [...nodesArgs(step, run), ...shared], goesOn: true }
  }
}

/**
 * The command line that compiles the project as the step will need it, and keeps that. Null for programs, and where a
 * template cannot be filled in yet.
 */
export function preparingArgs(claimed: CommandOf, environment: Environment): readonly string[] | null {
  const step = stepOf(claimed)
  if (step.kind === 'command') return null
  const values = templateValues(claimed.dag, { dagRunId: claimed.dagRunId, ...claimed.run })
  return ['parse', ...sharedArgs(claimed, step, values, environment)]
}

/** What stands for all commands of ours: vars and target. */
function sharedArgs(
  { dag, run }: CommandOf,
  step: DagStep,
  values: DagTemplateValues,
  environment: Environment,
): string[] {
  const declared = renderDagValue({ ...dag.vars, ...step.vars }, values, environment) as object
  // What came with the run is taken as it is: whoever may start a DAG is not to read the environment by a template.
  const vars = { ...declared, ...run.vars }
  return [
    ...(Object.keys(vars).length > 0 ? ['--vars', JSON.stringify(vars)] : []),
    ...(dag.target === null ? [] : ['--target', dag.target]),
  ]
}

/** A program that calls a command of ours works on the target of its DAG, unless it says another. */
function programOf(
  { argv, env }: CommandStep,
  { target }: Pick<Dag, 'target'>,
  text: (template: string) => string,
): StepCommand {
  return {
    kind: 'program',
    argv: argv.map(text),
    env: {
      ...(target !== null && { ESTIMAND_TARGET: target }),
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, text(value)])),
    },
  }
}

function nodesArgs(step: NodesStep, run: CommandOf['run']): string[] {
  const command = step.kind === 'job' ? ['build', '--resource-type', 'job'] : [step.kind]
  const interval = ['--event-time-start', run.intervalStart, '--event-time-end', run.intervalEnd]
  return [
    ...command,
    ...selectArgs(step),
    ...(step.fullRefresh ? ['--full-refresh'] : []),
    ...(step.failFast ? ['--fail-fast'] : []),
    ...(step.isOverInterval ? interval : []),
  ]
}

function selectArgs({ select, exclude }: Pick<NodesStep, 'select' | 'exclude'>): string[] {
  return [...select.flatMap((one) => ['--select', one]), ...exclude.flatMap((one) => ['--exclude', one])]
}

/** The name of the file tells the format. */
function exportArgs({ select, to }: ExportStep, text: (template: string) => string): string[] {
  return ['export', select, '--to', text(to)]
}

function operationArgs({ macro, args }: OperationStep, rendered: (value: unknown) => unknown): string[] {
  return ['run-operation', macro, '--args', JSON.stringify(rendered(args))]
}
