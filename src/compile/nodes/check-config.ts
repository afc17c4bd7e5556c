import { closestNames } from '../../core/did-you-mean.ts'
import { onErrorChoices, readDuration } from '../../core/execution-config.ts'
import type { Node } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import { asList, type Config, isMap } from '../config-tree.ts'
import type { Draft } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { isColor } from './html-color.ts'

/*
 * Values in configs that dbt refuses: of the wrong type, or not among those allowed. Without a word they would be
 * read as if nobody had written them: `enabled: 'false'` is not false.
 */

type Kind = Node['resourceType']

interface Refusal {
  readonly message: string
  readonly hint?: string
}

/** What is wrong with a value; null when nothing is. */
type Check = (value: unknown) => Refusal | null

const typed =
  (fits: (value: unknown) => boolean, wanted: string, hint?: string): Check =>
  (value) =>
    fits(value) ? null : { message: `must be ${wanted}, not ${JSON.stringify(value)}`, ...(hint && { hint }) }

const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const flag = typed(isFlag, 'true or false', 'a template gives text: end it with | as_bool')
const mapping = typed(isMap, 'a mapping (key: value)')
const oneOf = (...allowed: readonly string[]): Check =>
  typed((value) => isText(value) && allowed.includes(value), `one of ${allowed.join(', ')}`)

/** A mapping whose keys are checked; others mean nothing. */
const shaped =
  (keys: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (!isMap(value)) return mapping(value)
    for (const [key, inner] of Object.entries(value)) {
      if (inner === null) continue
      if (!Object.hasOwn(keys, key))
        return { message: `does not know '${key}'`, hint: `known here: ${Object.keys(keys).join(', ')}` }
      const refusal = keys[key]!(inner)
      if (refusal) return { ...refusal, message: `${key} ${refusal.message}` }
    }
    return null
  }

const each =
  (check: Check): Check =>
  (value) =>
    asList(value)
      .map(check)
      .find((refusal) => refusal !== null) ?? null

const color = typed(
  (value) => isText(value) && isColor(value),
  'the name of an HTML colour or a hex code',
  'for example node_color: "#ff7f50"',
)

const hookText = typed(
  (value) => isText(value) || (isMap(value) && isText(value['sql'])),
  'SQL, or a mapping with sql and transaction',
)

const texts = typed(
  (value) => asList(value).every((one) => isText(one) || typeof one === 'number'),
  'text, or a list of texts',
)

/** What every node that stands in the warehouse, and every test, may be configured with. */
const everywhere: Readonly<Record<string, Check>> = { enabled: flag, meta: mapping, tags: texts }

const duration = typed(
  (value) => (readDuration(value) ?? 0) > 0,
  'a time',
  'a number of seconds, or 500ms, 30s, 5m, 2h',
)

/** What everything that is carried out may be configured with. */
const carriedOut: Readonly<Record<string, Check>> = {
  ...everywhere,
  on_error: oneOf(...onErrorChoices),
  pool: typed(isText, 'the name of a pool'),
  retries: typed((value) => Number.isInteger(value) && (value as number) >= 0, 'a whole number from 0'),
  retry_delay: duration,
  timeout: duration,
}

/** What is wrong with the indexes that a config asks for; null when nothing is. */
export const indexesCheck: Check = each(shaped({ columns: texts, unique: flag, type: typed(isText, 'text') }))

const built: Readonly<Record<string, Check>> = {
  ...carriedOut,
  column_types: mapping,
  contract: shaped({ enforced: flag, alias_types: flag, checksum: () => null }),
  docs: shaped({ show: flag, node_color: color }),
  full_refresh: flag,
  grants: mapping,
  indexes: indexesCheck,
  on_configuration_change: oneOf('apply', 'continue', 'fail'),
  packages: texts,
  persist_docs: shaped({ relation: flag, columns: flag }),
  post_hook: each(hookText),
  pre_hook: each(hookText),
  quote_columns: flag,
  reuse: flag,
}

const checks: Partial<Record<Kind, Readonly<Record<string, Check>>>> = {
  model: built,
  seed: { ...built, delimiter: typed((value) => isText(value) && value.length === 1, 'one character') },
  snapshot: built,
  job: carriedOut,
  load: carriedOut,
  test: {
    ...carriedOut,
    on_error: oneOf('skip_children', 'stop'),
    limit: typed(Number.isInteger, 'a whole number'),
    store_failures: flag,
    store_failures_as: oneOf('table', 'view', 'ephemeral'),
  },
  source: everywhere,
  exposure: everywhere,
  metric: everywhere,
  semantic_model: everywhere,
  saved_query: everywhere,
  unit_test: { ...carriedOut, on_error: oneOf('skip_children', 'stop') },
}

/** What is wrong with the config of a node, where `node` stands. */
export function configProblems({ node }: Draft, scope: DraftScope): Problem[] {
  const known = checks[node.resourceType]
  if (!known) return []
  const { config } = node
  const place = scope.sourceAt(node.place)
  const name = `${node.resourceType} '${node.resourceType === 'source' ? `${node.sourceName}.` : ''}${node.name}'`
  const problems: Problem[] = []
  for (const key in config) {
    const value = config[key]
    if (value === null || value === undefined || !Object.hasOwn(known, key)) continue
    // dbt looks at the indexes of a model when it makes them: see readModelConfig.
    if (key === 'indexes' && node.resourceType === 'model' && scope.misspelled === 'warning') continue
    const refusal = known[key]!(value)
    if (refusal)
      problems.push(
        makeProblem('config-invalid', `${name}: ${key} ${refusal.message}`, {
          ...place,
          ...(refusal.hint !== undefined && { hint: refusal.hint }),
        }),
      )
  }
  const about = (refusal: Refusal): Problem =>
    makeProblem('config-invalid', `${name}: ${refusal.message}`, { ...place, hint: refusal.hint ?? '' })
  problems.push(
    ...[databaseRefusal(node, scope), contractRefusal(config), poolRefusal(config, scope)].flatMap((one) =>
      one ? about(one) : [],
    ),
  )
  const warnings = [sourceWarning(node, scope), quotingWarning(node)]
  for (const warning of warnings)
    if (warning)
      problems.push(
        makeProblem('not-supported', `${name} ${warning.message}`, {
          ...place,
          severity: 'warning',
          hint: warning.hint ?? '',
        }),
      )
  return problems
}

/** Names are quoted or not in a whole project. */
function quotingWarning({ resourceType, config }: Draft['node']): Refusal | null {
  const { quoting } = config
  if (resourceType === 'source' || !isMap(quoting) || Object.keys(quoting).length === 0) return null
  return {
    message: 'sets quoting, which has no effect on a single node, here as in dbt',
    hint: 'set quoting for the whole project, in its file',
  }
}

/** A source in another database is there for who only describes it. */
function sourceWarning(node: Draft['node'], scope: DraftScope): Refusal | null {
  if (node.resourceType !== 'source' || node.database === undefined) return null
  const { name, database } = scope.templates.options.target
  return {
    message: `stands in the database '${node.database}', and target '${name}' connects to '${database}': what reads it will fail`,
    hint: 'PostgreSQL reaches one database in a connection; a foreign table may bring it here',
  }
}

/** A connection of PostgreSQL reaches one database. */
function databaseRefusal(node: Draft['node'], scope: DraftScope): Refusal | null {
  if (!['model', 'seed', 'snapshot'].includes(node.resourceType)) return null
  const database = scope.databaseOf({ ...node, packagePath: node.path })
  const { name, database: connected } = scope.templates.options.target
  if (database === null || database.toLowerCase() === connected.toLowerCase()) return null
  return {
    message: `it is to stand in the database '${database}', and target '${name}' connects to '${connected}'`,
    hint: 'PostgreSQL reaches one database in a connection: leave database out, and keep things apart by schema',
  }
}

/** A pool that nobody limits would be no limit. */
function poolRefusal({ pool }: Config, scope: DraftScope): Refusal | null {
  const pools = Object.keys(scope.project.config.pools)
  if (typeof pool !== 'string' || pools.includes(pool)) return null
  const [near] = closestNames(pool, pools)
  return {
    message: `there is no pool '${pool}'`,
    hint: near ? `did you mean '${near}'?` : `say in project.yml how many may run: pools: { ${pool}: 2 }`,
  }
}

/** What a contract promises must not change without a word. */
function contractRefusal(config: Config): Refusal | null {
  const { contract, materialized, on_schema_change: change } = config
  const isEnforced = isMap(contract) && contract['enforced'] === true
  if (!isEnforced || materialized !== 'incremental') return null
  if (change === 'append_new_columns' || change === 'fail') return null
  return {
    message: 'an incremental model with an enforced contract needs another on_schema_change',
    hint: 'set on_schema_change to append_new_columns or fail',
  }
}
