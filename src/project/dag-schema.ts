import { z } from 'zod'
import { readCron, writtenOutCron } from '../core/cron-pattern.ts'
import { catchupPolicies } from '../core/dag.ts'
import { durationSeconds } from '../core/duration.ts'
import { isInstant } from '../core/instant.ts'
import { isTimeZone } from '../core/time-zone.ts'
import { anyName, description, optionalMapping, textList } from './schema-pieces.ts'

/*
 * What a file under dags/ may say. Words are those that people know from Airflow, Dagster, cron and dbt Cloud.
 */

/** Letters, digits, `_`, `-` and `.`, as Airflow allows them; no blanks, for names stand in commands and addresses. */
const dagName = z
  .string()
  .regex(
    /^[A-Za-z0-9_][\w.-]*$/,
    "may hold only letters, digits, '_', '-' and '.', and begins with none of the last two",
  )

/** Seconds, or a text such as `1h30m`. */
const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  const seconds = typeof value === 'number' ? value : durationSeconds(value)
  if (seconds !== null && seconds >= 0 && Number.isFinite(seconds)) return seconds
  context.addIssue({
    code: 'custom',
    message: `'${value}' is no length of time`,
    params: { hint: 'write seconds, or a number with its unit: 90s, 5m, 1h30m, 2d' },
  })
  return z.NEVER
})

const cron = z.string().transform((value, context) => {
  const pattern = readCron(value)
  if (!('message' in pattern)) return writtenOutCron(value)
  context.addIssue({ code: 'custom', message: pattern.message, params: { hint: pattern.hint } })
  return z.NEVER
})

const timezone = z.string().superRefine((name, context) => {
  if (isTimeZone(name)) return
  context.addIssue({
    code: 'custom',
    message: `'${name}' is no time zone`,
    params: { hint: 'a name of the IANA database, such as Europe/Berlin or UTC' },
  })
})

const instant = z.string().superRefine((text, context) => {
  if (isInstant(text)) return
  context.addIssue({
    code: 'custom',
    message: `'${text}' is no day and no instant`,
    params: { hint: 'write it by ISO 8601: 2026-02-01, or 2026-02-01T06:00' },
  })
})

/** The expression alone, or with its time zone. */
const schedule = z.preprocess(
  (value) => (typeof value === 'string' ? { cron: value } : value),
  z.strictObject({ cron, timezone: timezone.nullish() }).nullish(),
)

const retryKeys = {
  retries: z.int().min(0).max(1000).nullish(),
  retry_delay: duration.nullish(),
  retry_backoff: z.number().min(1).max(100).nullish(),
  max_retry_delay: duration.nullish(),
}

/** A DAG that another one waits for or follows; a text is its name. (YAML reads a key `on` as true.) */
export const dependencySchema = z
  .strictObject({ dag: dagName, when: z.enum(['success', 'done']).default('success') })
  .transform(({ dag, when }) => ({ dag, on: when }))

/** One schema for each kind of notification, found by the key that names it. */
export const notificationSchemas = {
  slack: z.strictObject({ slack: anyName, channel: anyName.nullish() }),
  webhook: z.strictObject({ webhook: anyName, headers: z.record(anyName, z.string()).nullish() }),
  email: z.strictObject({
    email: z.union([anyName, z.array(anyName).min(1)]),
    from: anyName,
    smtp: anyName.default("{{ env_var('SMTP_URL') }}"),
  }),
} as const

const stepKeys = {
  name: dagName.nullish(),
  needs: textList.optional(),
  when: z.enum(['success', 'failure', 'always']).default('success'),
  ...retryKeys,
  timeout: duration.nullish(),
  pool: anyName.nullish(),
  vars: optionalMapping,
}

const nodeKeys = {
  select: textList,
  exclude: textList,
  full_refresh: z.boolean().default(false),
  over_interval: z.boolean().default(false),
  fail_fast: z.boolean().default(false),
}

/** What may stand behind the kind of a step: nothing for all nodes, or what is selected. */
const selected = textList

/** The keys of the steps that work on nodes, by their kind. */
const nodesStep = <K extends string>(kind: K) =>
  z.strictObject({ [kind]: selected, ...stepKeys, ...nodeKeys } as Record<K, typeof selected> &
    typeof stepKeys &
    typeof nodeKeys)

/** One schema for each kind of step, found by the key that names it. */
export const stepSchemas = {
  load: nodesStep('load'),
  build: nodesStep('build'),
  run: nodesStep('run'),
  test: nodesStep('test'),
  seed: nodesStep('seed'),
  snapshot: nodesStep('snapshot'),
  job: nodesStep('job'),
  source_freshness: nodesStep('source_freshness'),
  export: z.strictObject({
    export: anyName,
    to: anyName,
    ...stepKeys,
  }),
  operation: z.strictObject({ operation: anyName, args: optionalMapping, ...stepKeys }),
  command: z.strictObject({
    command: z.union([anyName, z.array(z.string()).min(1)]),
    env: z.record(anyName, z.string()).nullish(),
    ...stepKeys,
  }),
} as const

/** The file; the entries of its lists are checked one by one, each against the schema of its kind. */
export const dagSchema = z.strictObject({
  name: dagName.nullish(),
  description,
  owners: textList,
  tags: textList,
  schedule,
  timezone: timezone.nullish(),
  start_date: instant.nullish(),
  end_date: instant.nullish(),
  catchup: z
    .union([z.boolean(), z.enum(catchupPolicies)])
    .default('latest')
    .transform((value) => (value === true ? 'all' : value === false ? 'latest' : value)),
  max_active_runs: z.int().min(1).max(1000).default(1),
  depends_on_past: z.boolean().default(false),
  depends_on: z.unknown().optional(),
  triggers: z
    .strictObject({
      after: z.unknown().optional(),
      new_data: textList,
      webhook: z.strictObject({ token: anyName }).nullish(),
    })
    .nullish(),
  ...retryKeys,
  timeout: duration.nullish(),
  deadline: duration.nullish(),
  sla: duration.nullish(),
  pool: anyName.nullish(),
  target: anyName.nullish(),
  vars: optionalMapping,
  paused: z.boolean().default(false),
  on_failure: z.unknown().optional(),
  on_success: z.unknown().optional(),
  on_sla_miss: z.unknown().optional(),
  steps: z.array(z.unknown()).min(1).nullish(),
  ...{ select: textList, exclude: textList, full_refresh: z.boolean().nullish() },
})

export type DagYaml = z.output<typeof dagSchema>
/** How often and when something is tried again, as the file or a step says it. */
export type RetryYaml = Pick<DagYaml, keyof typeof retryKeys>
export type StepYaml = { readonly [K in keyof typeof stepSchemas]: z.output<(typeof stepSchemas)[K]> }

/** What people write who come from elsewhere, and what it is called here. */
export const otherWords: Readonly<Record<string, string>> = {
  dag_id: "'name'",
  id: "'name'",
  cron: "'schedule'",
  cron_schedule: "'schedule'",
  schedule_interval: "'schedule'",
  execution_timezone: "'timezone'",
  dagrun_timeout: "'deadline', for a run as a whole",
  execution_timeout: "'timeout', for each step",
  owner: "'owners'",
  concurrency: "'max_active_runs'",
  retry_exponential_backoff: "'retry_backoff', the factor between two delays: 2",
  wait_for_downstream: "'depends_on_past'",
  is_paused_upon_creation: "'paused'",
  on_failure_callback: "'on_failure'",
  on_success_callback: "'on_success'",
  sla_miss_callback: "'on_sla_miss'",
  email_on_failure: "'on_failure' with an entry 'email'",
  tasks: "'steps'",
  jobs: "'steps'",
  default_args: 'the same keys at the top of the file: they hold for every step that says nothing else',
}
