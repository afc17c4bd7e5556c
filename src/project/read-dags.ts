import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Dag, DagSchedule } from '../core/dag.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { instantOf } from '../core/instant.ts'
import type { Problem } from '../core/problem.ts'
import type { ProjectConfig, SourceText } from '../core/project.ts'
import { firstInstantOf, makeTimeZone } from '../core/time-zone.ts'
import { checkDagTemplates } from './check-dag-templates.ts'
import { checkYaml } from './check-yaml.ts'
import { type DagYaml, dagSchema, otherWords } from './dag-schema.ts'
import { linkDags } from './link-dags.ts'
import { listFiles, readText } from './project-files.ts'
import { checkSteps, readDagSteps, retryPolicy } from './read-dag-steps.ts'
import { readDagTriggers, readDependencies } from './read-dag-triggers.ts'
import { readNotifications } from './read-notifications.ts'
import { parseYaml, type YamlDocument, yamlProblem } from './yaml-document.ts'

/*
 * The DAGs of a project: one file below dags/ declares one. A file that is wrong is left out and told about, and the
 * others are there all the same, for a scheduler has to go on with them.
 */

export interface DagReading {
  /** In the order of their names. */
  readonly dags: readonly Dag[]
  /** What is wrong, in the order of files. */
  readonly problems: readonly Problem[]
  /** Names of DAGs that are there, but not in order. */
  readonly broken: readonly string[]
}

/** Reads all DAGs of a project. */
export function readDags(
  root: string,
  config: Pick<ProjectConfig, 'paths' | 'pools' | 'targets'>,
): DagReading {
  const problems: Problem[] = []
  const broken: string[] = []
  const texts = new Map<string, string>()
  const read = listFiles(root, config.paths.dags, ['.yml', '.yaml'], problems).flatMap((path) => {
    const found: Problem[] = []
    const file = readText(root, path, found)
    if (file) texts.set(path, file.text)
    const dag = file && readDag(file, config, found)
    problems.push(...found)
    if (dag && found.every(({ severity }) => severity !== 'error')) return [dag]
    broken.push(dag?.name ?? nameOfFile(path))
    return []
  })
  const linked = linkDags(texts, read, broken, problems)
  return {
    dags: linked.sort((a, b) => (a.name < b.name ? -1 : 1)),
    problems,
    broken: [...broken, ...read.map(({ name }) => name)].filter(
      (name) => !linked.some((dag) => dag.name === name),
    ),
  }
}

function nameOfFile(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '')
}

function readDag(
  file: SourceText,
  config: Pick<ProjectConfig, 'pools' | 'targets'>,
  problems: Problem[],
): Dag | null {
  const document = parseYaml(file, problems)
  if (!document) return null
  const found: Problem[] = []
  const yaml = checkYaml(document, dagSchema, found)
  problems.push(...found.map(withOtherWord))
  if (!yaml) return withoutDag(document, problems)
  checkDagTemplates(document, yaml, problems)
  checkNames(document, yaml, config, problems)
  return dagOf(document, yaml, config, problems)
}

/** Checks what lies inside of a file whose outermost keys are wrong, so that everything is told at once. */
function withoutDag(document: YamlDocument, problems: Problem[]): null {
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const yaml = value as DagYaml
  checkSteps(document, yaml.steps, problems)
  readNotifications(document, yaml, problems)
  readDependencies(document, ['depends_on'], yaml.depends_on, problems)
  if (typeof yaml.triggers === 'object') readDagTriggers(document, yaml, problems)
  return null
}

function dagOf(
  document: YamlDocument,
  yaml: DagYaml,
  { pools }: Pick<ProjectConfig, 'pools'>,
  problems: Problem[],
): Dag {
  const schedule = scheduleOf(yaml)
  const timezone = schedule?.timezone ?? yaml.timezone ?? 'UTC'
  return {
    name: yaml.name ?? nameOfFile(document.file),
    file: document.file,
    place: document.placeOf(yaml.name == null ? [] : ['name']),
    description: yaml.description,
    owners: yaml.owners,
    tags: yaml.tags,
    schedule,
    triggers: readDagTriggers(document, yaml, problems),
    dependsOn: readDependencies(document, ['depends_on'], yaml.depends_on, problems),
    steps: readDagSteps(document, yaml, Object.keys(pools), problems),
    vars: yaml.vars,
    target: yaml.target ?? null,
    startDate: yaml.start_date == null ? null : instantIn(yaml.start_date, timezone),
    endDate: yaml.end_date == null ? null : endOf(yaml.end_date, timezone),
    catchup: yaml.catchup,
    maxActiveRuns: yaml.max_active_runs,
    dependsOnPast: yaml.depends_on_past,
    retry: retryPolicy(yaml),
    timeoutSeconds: yaml.deadline ?? null,
    slaSeconds: yaml.sla ?? null,
    notifications: readNotifications(document, yaml, problems),
    isPausedAtFirst: yaml.paused,
    version: createHash('sha256').update(document.text).digest('hex').slice(0, 16),
  }
}

function scheduleOf({ schedule, timezone }: DagYaml): DagSchedule | null {
  return schedule ? { cron: schedule.cron, timezone: schedule.timezone ?? timezone ?? 'UTC' } : null
}

/** A day or time without zone is one of the DAG's own zone. */
function instantIn(text: string, timezone: string): string {
  const wall = instantOf(text)
  if (/[T ].*(Z|[+-]\d{2}(:?\d{2})?)$/.test(text)) return new Date(wall).toISOString()
  return new Date(firstInstantOf(makeTimeZone(timezone), wall)).toISOString()
}

/** A day that is named as the last one is one whole. */
function endOf(text: string, timezone: string): string {
  if (text.length > 10) return instantIn(text, timezone)
  return instantIn(new Date(instantOf(text) + 86_400_000).toISOString().slice(0, 10), timezone)
}

const ownWord = /^unknown key '([^']*)'/

/** A key that is called otherwise where the reader comes from is told its name here. */
function withOtherWord(problem: Problem): Problem {
  const word = problem.code === 'yaml-unknown-key' ? ownWord.exec(problem.message)?.[1] : undefined
  const meant = word === undefined ? undefined : otherWords[word]
  return meant === undefined ? problem : { ...problem, hint: `here it is ${meant}` }
}

/** Names of things that stand in project.yml. */
function checkNames(
  document: YamlDocument,
  { target }: DagYaml,
  { targets }: Pick<ProjectConfig, 'targets'>,
  problems: Problem[],
): void {
  const known = Object.keys(targets)
  if (target == null || known.length === 0 || known.includes(target)) return
  problems.push(
    yamlProblem(document, ['target'], `there is no target '${target}'`, {
      code: 'target-unknown',
      hint: didYouMean(target, known) ?? `targets of project.yml: ${known.join(', ')}`,
    }),
  )
}
