import {
  type CommandStep,
  type DagStep,
  type NodesStep,
  type RetryPolicy,
  type StepKind,
  stepKinds,
} from '../core/dag.ts'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { Problem } from '../core/problem.ts'
import { checkYamlPart } from './check-yaml.ts'
import { type DagYaml, type RetryYaml, type StepYaml, stepSchemas } from './dag-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * The steps of a DAG. Each is named by what it does: `- build: tag:nightly`; a bare `select:` in the file is one step
 * that builds. What a step does not say of retries, timeout and pool it has from the DAG.
 */

/** The policy that a file or a step states; what it leaves out is that of `above`. */
export function retryPolicy(yaml: RetryYaml, above?: RetryPolicy): RetryPolicy {
  return {
    retries: yaml.retries ?? above?.retries ?? 0,
    delaySeconds: yaml.retry_delay ?? above?.delaySeconds ?? 300,
    backoff: yaml.retry_backoff ?? above?.backoff ?? 1,
    maxDelaySeconds: yaml.max_retry_delay ?? above?.maxDelaySeconds ?? 3600,
  }
}

/** The steps in order; what is wrong with them goes to `problems`. */
export function readDagSteps(
  document: YamlDocument,
  yaml: DagYaml,
  pools: readonly string[],
  problems: Problem[],
): DagStep[] {
  const refuse = (path: YamlPath, message: string, hint?: string) =>
    problems.push(yamlProblem(document, path, message, { hint }))
  const selects = yaml.select.length + yaml.exclude.length > 0
  if (yaml.steps == null && !selects)
    refuse([], 'the DAG does nothing', "say what it builds, as in 'select: tag:nightly', or list its 'steps'")
  if (yaml.steps != null && selects)
    refuse(['select'], "'select' and 'steps' are both there", "put the selection into a step: '- build: …'")
  if (yaml.pool != null) checkPool(yaml.pool, ['pool'], pools, refuse)
  if (yaml.steps == null) return selects ? [buildStep(document, yaml)] : []

  const steps: DagStep[] = []
  for (const [index, entry] of yaml.steps.entries()) {
    const path: YamlPath = ['steps', index]
    const found = readStep(document, path, entry, problems)
    if (!found) continue
    if (found.yaml.pool != null) checkPool(found.yaml.pool, [...path, 'pool'], pools, refuse)
    steps.push(stepOf(document, path, found, yaml, steps, refuse))
  }
  return steps
}

/** Checks each step by itself, where the file around them cannot be read. */
export function checkSteps(document: YamlDocument, steps: unknown, problems: Problem[]): void {
  if (!Array.isArray(steps)) return
  for (const [index, entry] of steps.entries()) readStep(document, ['steps', index], entry, problems)
}

type Refuse = (path: YamlPath, message: string, hint?: string) => void

type FoundStep = {
  readonly [K in StepKind]: { readonly kind: K; readonly yaml: StepYaml[K] }
}[StepKind]

/** A step by the key that names its kind; `- build` is `- build:` without anything behind it. */
function readStep(
  document: YamlDocument,
  path: YamlPath,
  entry: unknown,
  problems: Problem[],
): FoundStep | null {
  const written = typeof entry === 'string' ? { [entry.trim()]: null } : entry
  const isMapping = typeof written === 'object' && written !== null && !Array.isArray(written)
  const keys = isMapping ? Object.keys(written) : []
  const kinds = keys.filter((key): key is StepKind => (stepKinds as readonly string[]).includes(key))
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) {
    problems.push(yamlProblem(document, path, ...kindProblem(entry, keys, kinds)))
    return null
  }
  const yaml = checkYamlPart<unknown>(document, path, written, stepSchemas[kind], problems, 'error')
  return yaml === null ? null : ({ kind, yaml } as FoundStep)
}

function kindProblem(
  entry: unknown,
  keys: readonly string[],
  kinds: readonly string[],
): [message: string, details: { hint: string }] {
  const all = `a step has one of the keys ${stepKinds.join(', ')}`
  if (kinds.length > 1) return [`the step is two at once: ${quotedList(kinds, 'and')}`, { hint: all }]
  const dbt = typeof entry === 'string' ? /^(?:dbt|estimand)\s+([\w-]+)(.*)$/.exec(entry.trim()) : null
  const kind = dbt?.[1]?.replace('-', '_') ?? ''
  if (dbt && (stepKinds as readonly string[]).includes(kind)) {
    const chosen = /(?:--select|-s|--models|-m)\s+(\S+)/.exec(dbt[2]!)?.[1] ?? ''
    return [`'${String(entry)}' is no step`, { hint: `write it as: ${kind}: ${chosen}`.trimEnd() }]
  }
  if (typeof entry === 'string')
    return [`'${entry}' is no step`, { hint: didYouMean(entry, stepKinds) ?? all }]
  const near = keys.map((key) => didYouMean(key, stepKinds)).find((hint) => hint !== undefined)
  return ['the step does not say what it does', { hint: near ?? all }]
}

function stepOf(
  document: YamlDocument,
  path: YamlPath,
  found: FoundStep,
  dag: DagYaml,
  before: readonly DagStep[],
  refuse: Refuse,
): DagStep {
  const { kind, yaml } = found
  const names = before.map(({ name }) => name)
  const name = yaml.name ?? freeName(kind, names)
  if (names.includes(name))
    refuse([...path, 'name'], `there is a step '${name}' already`, 'each step needs a name of its own')
  const base = {
    name,
    place: document.placeOf(path),
    needs: needsOf(path, yaml.needs, yaml.when, names, refuse),
    when: yaml.when,
    retry: retryPolicy(yaml, retryPolicy(dag)),
    timeoutSeconds: yaml.timeout ?? dag.timeout ?? null,
    pool: yaml.pool ?? dag.pool ?? null,
    vars: yaml.vars,
  }
  switch (found.kind) {
    case 'export':
      return {
        ...base,
        kind: 'export',
        select: found.yaml.export,
        to: found.yaml.to,
      }
    case 'operation':
      return { ...base, kind: 'operation', macro: found.yaml.operation, args: found.yaml.args }
    case 'command':
      return { ...base, kind: 'command', argv: argvOf(found.yaml.command), env: found.yaml.env ?? {} }
    default:
      return { ...base, place: document.placeOf([...path, found.kind]), ...nodesOf(found) }
  }
}

type NodesYaml = Extract<FoundStep, { readonly kind: NodesStep['kind'] }>

function nodesOf({
  kind,
  yaml,
}: NodesYaml): Pick<
  NodesStep,
  'kind' | 'select' | 'exclude' | 'fullRefresh' | 'isOverInterval' | 'failFast'
> {
  const shorthand = (yaml as Readonly<Record<string, unknown>>)[kind] as readonly string[]
  return {
    kind,
    select: [...shorthand, ...yaml.select],
    exclude: yaml.exclude,
    fullRefresh: yaml.full_refresh,
    isOverInterval: yaml.over_interval,
    failFast: yaml.fail_fast,
  }
}

/** A text is for a shell, for that is what people paste; a list is the program and its arguments. */
function argvOf(command: string | readonly string[]): CommandStep['argv'] {
  return typeof command === 'string' ? ['sh', '-c', command] : command
}

/**
 * What a step waits for where it says nothing: the one before. One for failures, or for any end, waits for all before
 * it: the one just before is merely skipped when an earlier one fails.
 */
function needsOf(
  path: YamlPath,
  needs: readonly string[] | undefined,
  when: DagStep['when'],
  before: readonly string[],
  refuse: Refuse,
): readonly string[] {
  if (needs === undefined || needs === null) return when === 'success' ? before.slice(-1) : before
  for (const name of needs)
    if (!before.includes(name))
      refuse(
        [...path, 'needs'],
        `there is no step '${name}' before this one`,
        didYouMean(name, before) ?? (before.length > 0 ? `before it: ${before.join(', ')}` : undefined),
      )
  return needs
}

function freeName(kind: string, taken: readonly string[]): string {
  let name = kind
  for (let count = 2; taken.includes(name); count++) name = `${kind}_${count}`
  return name
}

function checkPool(pool: string, path: YamlPath, pools: readonly string[], refuse: Refuse): void {
  if (pools.includes(pool)) return
  const known =
    pools.length > 0
      ? `pools of project.yml: ${pools.join(', ')}`
      : `give it a size in project.yml: pools: {${pool}: 2}`
  refuse(path, `there is no pool '${pool}'`, didYouMean(pool, pools) ?? known)
}

/** The one step of a DAG that only says what it selects. */
function buildStep(document: YamlDocument, yaml: DagYaml): DagStep {
  return {
    kind: 'build',
    name: 'build',
    place: document.placeOf(['select']),
    needs: [],
    when: 'success',
    retry: retryPolicy(yaml),
    timeoutSeconds: yaml.timeout ?? null,
    pool: yaml.pool ?? null,
    vars: {},
    select: yaml.select,
    exclude: yaml.exclude,
    fullRefresh: yaml.full_refresh ?? false,
    isOverInterval: false,
    failFast: false,
  }
}
