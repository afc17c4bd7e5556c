import type { Relation } from '../../core/node.ts'
import {
  Dict,
  type HostObject,
  hostFunction,
  hostObject,
  type Kwargs,
  raise,
  Tuple,
  toJs,
  type Value,
} from '../dialect/index.ts'

/*
 * A relation as templates see it: prints as a quoted, fully qualified name, offers its parts and makes others
 * like itself. It never changes.
 */

const partNames = ['database', 'schema', 'identifier'] as const
type PartName = (typeof partNames)[number]
type Policy = Readonly<Record<PartName, boolean>>

export interface RelationParts {
  readonly database: string | null
  readonly schema: string | null
  readonly identifier: string | null
  /** `table`, `view`, `cte`, …; null where nobody knows. */
  readonly type?: string | null
  /** Which parts are printed. */
  readonly include?: Policy
  /** Which parts are printed in quotes. */
  readonly quote?: Policy
  /** Rows at most, for `--empty`. */
  readonly limit?: number | null
  /** The rows to read, for a batch. */
  readonly where?: string
  /** Of a relation of information_schema: the view in it. */
  readonly informationSchemaView?: string | null
}

const all: Policy = { database: true, schema: true, identifier: true }
const relationTypes = {
  Table: 'table',
  View: 'view',
  CTE: 'cte',
  MaterializedView: 'materialized_view',
  External: 'external',
  Function: 'function',
  PointerTable: 'pointer_table',
} as const
/** Bytes of a name in Postgres. */
const maxNameLength = 63

/** A relation for a template; equal to another with the same parts. */
export function relationValue(parts: RelationParts): HostObject {
  const rendered = renderLimited(parts)
  const typeName = parts.informationSchemaView === undefined ? 'PostgresRelation' : 'InformationSchema'
  const attribute = (name: string): Value | undefined => relationAttribute(parts, name)
  return hostObject({
    type: typeName,
    // A relation is a mapping of its fields in dbt; packages tell it from text by that.
    like: 'mapping',
    str: () => rendered,
    repr: () => `<${typeName} ${rendered}>`,
    attribute,
    item: (key) => (typeof key === 'string' && fieldNames.includes(key) ? attribute(key) : undefined),
    iterate: () => fieldNames,
    length: () => fieldNames.length,
    truth: () => true,
    equals: (other) => {
      const them = relationParts(other)
      return them !== null && sameRelation(parts, them)
    },
    hashKey: () => `\0relation ${rendered}`,
    toJs: () => parts,
  })
}

const fieldNames = ['path', 'type', 'quote_character', 'include_policy', 'quote_policy', 'dbt_created']

/** An ephemeral model in its reader: prints as the name of the CTE that holds it, or as the rows of it to read. */
export function cteValue(name: string, rows: Pick<RelationParts, 'limit' | 'where'> = {}): HostObject {
  return relationValue({
    ...rows,
    database: null,
    schema: null,
    identifier: name,
    type: 'cte',
    quote: { ...all, identifier: false },
  })
}

/** Text that stands where a relation would, such as a subquery with only some of its rows. */
export function queryValue(text: string): HostObject {
  return hostObject({ type: 'Relation', str: () => text, repr: () => text })
}

/** The parts of a value that is a relation; null when it is none. */
export function relationParts(value: Value | undefined): RelationParts | null {
  if (typeof value !== 'object' || value === null || !('protocol' in value)) return null
  const { type, toJs: parts } = value.protocol
  return type === 'PostgresRelation' || type === 'InformationSchema' ? (parts!() as RelationParts) : null
}

/** The parts of a relation that an argument has to be. */
export function expectRelation(value: Value | undefined, called: string): RelationParts {
  return (
    relationParts(value) ??
    raise('TypeError', `${called} takes a relation, not ${String(toJs(value ?? null))}`)
  )
}

/** `"database"."schema"."identifier"`: the parts that are there and included, quoted as the policy says. */
export function renderRelation(parts: RelationParts): string {
  const { include = all, quote = all, informationSchemaView: view } = parts
  const written = partNames
    .filter((part) => include[part] && parts[part] !== null)
    .map((part) => (quote[part] ? quoteIdentifier(parts[part]!) : parts[part]!))
  if (view === undefined) return written.join('.')
  const prefix = include.database && parts.database !== null ? [written[0]!] : []
  return [...prefix, 'INFORMATION_SCHEMA', ...(view === null ? [] : [view])].join('.')
}

function renderLimited(parts: RelationParts): string {
  const plain = renderRelation(parts)
  if (parts.where !== undefined)
    return `(select * from ${plain} where ${parts.where}) _dbt_et_filter_subq_${parts.identifier}`
  if (parts.limit === undefined || parts.limit === null) return plain
  const alias = `_dbt_limit_subq_${parts.identifier}`
  const filter = parts.limit === 0 ? 'where false limit 0' : `limit ${parts.limit}`
  return `(select * from ${plain} ${filter}) ${alias}`
}

/** An identifier for text that a template prints; our own statements use sql.ident. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The name of the CTE that stands for an ephemeral model. */
export function cteName(model: string): string {
  return `__dbt__cte__${model}`
}

/** Schema and name of a relation that has both. */
export function asRelation({ schema, identifier }: RelationParts): Relation | null {
  return schema === null || identifier === null ? null : { schema, identifier }
}

/** `api.Relation`: makes relations, and knows the words for their types. */
export function relationClass(standing: (parts: RelationParts) => RelationParts): HostObject {
  const methods: Record<string, HostObject> = {
    create: hostFunction('create', (_args, kwargs) => relationValue(standing(createdRelation(kwargs)))),
    get_default_quote_policy: hostFunction('get_default_quote_policy', () => policyValue(all)),
    get_default_include_policy: hostFunction('get_default_include_policy', () => policyValue(all)),
    add_ephemeral_prefix: hostFunction('add_ephemeral_prefix', ([name]) => cteName(String(name))),
    scd_args: hostFunction('scd_args', ([key, updatedAt = null]) => [
      ...(Array.isArray(key) ? key : [key ?? null]),
      updatedAt,
    ]),
  }
  return hostObject({
    type: 'type',
    repr: () => "<class 'PostgresRelation'>",
    attribute: (name) => methods[name] ?? relationTypes[name as keyof typeof relationTypes],
  })
}

function createdRelation(kwargs: Kwargs): RelationParts {
  const part = (name: string): string | null => textOrNull(kwargs[name], name)
  return {
    database: part('database'),
    schema: part('schema'),
    identifier: part('identifier'),
    type: part('type'),
    quote: policyOf(kwargs['quote_policy'], all),
    include: policyOf(kwargs['include_policy'], all),
  }
}

function textOrNull(value: Value | undefined, name: string): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  return raise('TypeError', `Got an invalid path ${name}: ${String(toJs(value))}`)
}

function policyOf(value: Value | undefined, base: Policy): Policy {
  const given = value === undefined ? {} : (toJs(value) as Partial<Policy> | null)
  const said = Object.entries(given ?? {}).filter(([, flag]) => typeof flag === 'boolean')
  return { ...base, ...Object.fromEntries(said) }
}

function policyValue(policy: Policy): HostObject {
  return hostObject({
    type: 'Policy',
    like: 'mapping',
    attribute: (name) => policy[name as PartName] ?? (name === 'get_part' ? partGetter(policy) : undefined),
    item: (key) => policy[key as PartName],
    iterate: () => partNames,
    length: () => partNames.length,
  })
}

function partGetter(policy: Policy): HostObject {
  return hostFunction('get_part', ([name]) => policy[String(name) as PartName])
}

function relationAttribute(parts: RelationParts, name: string): Value | undefined {
  const type = parts.type ?? null
  switch (name) {
    case 'database':
    case 'schema':
    case 'identifier':
      return parts[name]
    case 'name':
    case 'table':
      return parts.identifier
    case 'type':
      return type
    case 'path':
      return pathValue(parts)
    case 'quote_character':
      return '"'
    case 'quote_policy':
      return policyValue(parts.quote ?? all)
    case 'include_policy':
      return policyValue(parts.include ?? all)
    case 'dbt_created':
      return false
    case 'limit':
      return parts.limit ?? null
    case 'information_schema_view':
      return parts.informationSchemaView
    case 'is_table':
    case 'is_view':
    case 'is_cte':
    case 'is_materialized_view':
    case 'is_function':
      return type === name.slice('is_'.length)
    case 'is_pointer':
      return type === relationTypes.PointerTable
    case 'can_be_renamed':
    case 'can_be_replaced':
      return type === 'table' || type === 'view'
    default:
      return relationMethod(parts, name) ?? relationTypes[name as keyof typeof relationTypes]
  }
}

function pathValue(parts: RelationParts): Value {
  return hostObject({
    type: 'Path',
    like: 'mapping',
    attribute: (name) => (partNames.includes(name as PartName) ? parts[name as PartName] : undefined),
    item: (key) => (partNames.includes(key as PartName) ? parts[key as PartName] : undefined),
    iterate: () => partNames,
    length: () => partNames.length,
  })
}

/** Methods of relations; each makes a new one or tells something of it. */
const methods: Readonly<
  Record<string, (parts: RelationParts, args: readonly Value[], kwargs: Kwargs) => Value>
> = {
  render: (parts) => renderRelation(parts),
  render_limited: (parts) => renderLimited(parts),
  quoted: (_parts, [name]) => quoteIdentifier(String(name)),
  include: (parts, args, kwargs) =>
    relationValue({ ...parts, include: { ...all, ...parts.include, ...flags(args, kwargs) } }),
  quote: (parts, args, kwargs) =>
    relationValue({ ...parts, quote: { ...all, ...parts.quote, ...flags(args, kwargs) } }),
  incorporate: incorporate,
  replace: incorporate,
  replace_path: (parts, _args, kwargs) => relationValue({ ...parts, ...pathOf(kwargs) }),
  without_identifier: (parts) =>
    relationValue({ ...parts, identifier: null, include: { ...all, ...parts.include, identifier: false } }),
  information_schema: (parts, [view], kwargs) => {
    const name = view ?? kwargs['view_name']
    return relationValue({
      ...parts,
      schema: null,
      informationSchemaView: typeof name === 'string' ? name : null,
    })
  },
  information_schema_only: (parts) => relationValue({ ...parts, schema: null, informationSchemaView: null }),
  matches: (parts, _args, kwargs) =>
    partNames.every(
      (name) => kwargs[name] === undefined || kwargs[name] === null || kwargs[name] === parts[name],
    ),
  relation_max_name_length: () => maxNameLength,
  get: (parts, [key, fallback = null]) =>
    key === 'metadata'
      ? Dict.of([['type', 'PostgresRelation']])
      : (relationAttribute(parts, String(key)) ?? fallback),
  keys: () => [...fieldNames],
  items: (parts) => fieldNames.map((name) => new Tuple([name, relationAttribute(parts, name) ?? null])),
  to_dict: (parts) => Dict.of(partNames.map((name) => [name, parts[name]] as const)),
  create: (_parts, _args, kwargs) => relationValue(createdRelation(kwargs)),
  add_ephemeral_prefix: (_parts, [name]) => cteName(String(name)),
  get_default_quote_policy: () => policyValue(all),
  get_default_include_policy: () => policyValue(all),
}

function relationMethod(parts: RelationParts, name: string): HostObject | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  return method && hostFunction(name, (args, kwargs) => method(parts, args, kwargs))
}

/** `include(database=false)` and `include(false, true)`; none leaves a part as it is. */
function flags(args: readonly Value[], kwargs: Kwargs): Partial<Policy> {
  const said = partNames.map((name, at) => [name, args[at] ?? kwargs[name]] as const)
  return Object.fromEntries(said.filter(([, flag]) => typeof flag === 'boolean')) as Partial<Policy>
}

function pathOf(kwargs: Kwargs): Partial<RelationParts> {
  const given = partNames.filter((name) => kwargs[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, textOrNull(kwargs[name], name)]))
}

/** `incorporate(path={…}, type='view')`. */
function incorporate(parts: RelationParts, _args: readonly Value[], kwargs: Kwargs): Value {
  const path = kwargs['path'] instanceof Dict ? kwargs['path'] : new Dict()
  const changed = partNames.filter((name) => path.has(name))
  return relationValue({
    ...parts,
    ...Object.fromEntries(changed.map((name) => [name, textOrNull(path.get(name), name)])),
    ...(kwargs['type'] !== undefined && { type: textOrNull(kwargs['type'], 'type') }),
    ...(kwargs['quote_policy'] !== undefined && {
      quote: policyOf(kwargs['quote_policy'], parts.quote ?? all),
    }),
    ...(kwargs['include_policy'] !== undefined && {
      include: policyOf(kwargs['include_policy'], parts.include ?? all),
    }),
    ...(kwargs['information_schema_view'] !== undefined && {
      informationSchemaView: textOrNull(kwargs['information_schema_view'], 'view'),
    }),
  })
}

function sameRelation(a: RelationParts, b: RelationParts): boolean {
  return (
    partNames.every((name) => a[name] === b[name]) &&
    (a.type ?? null) === (b.type ?? null) &&
    renderLimited(a) === renderLimited(b)
  )
}
