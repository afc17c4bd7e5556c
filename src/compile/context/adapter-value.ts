import {
  callValue,
  Dict,
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  iterate,
  type Kwargs,
  PyDate,
  PyDateTime,
  raise,
  str,
  Tuple,
  toJs,
  truth,
  type Value,
} from '../dialect/index.ts'
import { tableOf } from './cell-value.ts'
import { columnClass, columnParts, columnValue } from './column-value.ts'
import { renderColumnConstraints, renderModelConstraints } from './constraints.ts'
import type { Database } from './database.ts'
import { parsedIndex } from './index-value.ts'
import {
  expectRelation,
  quoteIdentifier,
  type RelationParts,
  relationClass,
  relationParts,
  relationValue,
} from './relation-value.ts'
import { emptyTable } from './table-parts.ts'
import { type PrintTable, tableValue } from './table-value.ts'

/*
 * `adapter` in a template: questions to the database, and statements that change it. What dbt has a macro for is
 * done by that macro, so that a project can replace it. While nothing is executed every question has dbt's
 * answer of that time: none, or nothing.
 */

export interface AdapterScope {
  readonly execute: boolean
  readonly database: Database
  /** The name of the database that we are connected to. */
  readonly databaseName: string
  /** Where a relation that a template names by its parts is to be read. */
  readonly standing: (relation: RelationParts) => RelationParts
  /** A relation's names as they really are, where the project writes names without quotes. */
  readonly folded: (relation: RelationParts) => RelationParts
  /** A macro as templates of the rendered package find it. */
  readonly macro: (name: string) => Value | undefined
  /** The implementation of a macro for Postgres. */
  readonly dispatch: (name: string, namespace: string | null) => Value
  readonly print: PrintTable
}

type Method = (scope: AdapterScope, args: readonly Value[], kwargs: Kwargs) => Value

/** Strategies by which an incremental model can be built without a macro of the project. */
export const incrementalStrategies = ['append', 'delete+insert', 'merge', 'microbatch']

/** The `adapter` of a rendering. */
export function adapterValue(scope: AdapterScope): HostObject {
  const relation = relationClass(scope.standing)
  return hostObject({
    type: 'adapter',
    attribute: (name) => {
      if (name === 'Relation') return relation
      if (name === 'Column') return columnClass()
      if (name === 'behavior') return behaviorValue()
      const method = Object.hasOwn(plainMethods, name) ? plainMethods[name] : databaseMethod(scope, name)
      return method && hostFunction(name, (args, kwargs) => method(scope, args, kwargs))
    },
  })
}

function databaseMethod({ execute }: AdapterScope, name: string): Method | undefined {
  if (!Object.hasOwn(databaseMethods, name)) return undefined
  const [run, whileParsing] = databaseMethods[name]!
  return execute ? run : whileParsing
}

/** dbt's switches for changed behaviour: all as they were. */
function behaviorValue(): HostObject {
  const off = hostObject({
    type: 'flag',
    attribute: (name) => (name === 'no_warn' ? false : undefined),
    truth: () => false,
  })
  return hostObject({ type: 'behavior', attribute: () => off })
}

function argument(args: readonly Value[], kwargs: Kwargs, at: number, ...names: string[]): Value | undefined {
  return args[at] ?? names.map((name) => kwargs[name]).find((value) => value !== undefined)
}

function text(args: readonly Value[], kwargs: Kwargs, at: number, name: string): string | null {
  const value = argument(args, kwargs, at, name)
  return value === undefined || value === null ? null : str(value)
}

/** What needs no database. */
const plainMethods: Readonly<Record<string, Method>> = {
  type: () => 'postgres',
  commit: () => '',
  quote: (_scope, args, kwargs) => quoteIdentifier(text(args, kwargs, 0, 'identifier') ?? 'None'),
  quote_as_configured: (_scope, args, kwargs) =>
    quoteIdentifier(text(args, kwargs, 0, 'identifier') ?? 'None'),
  quote_seed_column: (_scope, args, kwargs) => {
    const isQuoted = argument(args, kwargs, 1, 'quote_config') ?? null
    const column = text(args, kwargs, 0, 'column') ?? 'None'
    return isQuoted === false ? column : quoteIdentifier(column)
  },
  dispatch: ({ dispatch }, args, kwargs) => {
    const namespace = argument(args, kwargs, 1, 'macro_namespace') ?? null
    return dispatch(text(args, kwargs, 0, 'macro_name') ?? '', namespace === null ? null : str(namespace))
  },
  cache_added: () => '',
  cache_dropped: () => '',
  cache_renamed: () => '',
  build_catalog_relation: () => null,
  valid_incremental_strategies: () => [...incrementalStrategies],
  get_incremental_strategy_macro: (scope, args) => strategyMacro(scope, str(args[1] ?? null)),
  verify_database: ({ databaseName }, [name]) => {
    const asked = str(name ?? null).replaceAll('"', '')
    if (asked !== databaseName)
      raise(
        'TemplateRuntimeError',
        `the database is '${databaseName}'; Postgres cannot reach '${asked}' from it`,
      )
    return ''
  },
  parse_index: (_scope, [index]) => parsedIndex(index ?? null),
  convert_type: (_scope, [table, at]) => convertedType(table ?? null, Number(at)),
  render_raw_columns_constraints: (_scope, args, kwargs) =>
    renderColumnConstraints(toJs(argument(args, kwargs, 0, 'raw_columns') ?? null)),
  render_raw_model_constraints: (_scope, args, kwargs) =>
    renderModelConstraints(toJs(argument(args, kwargs, 0, 'raw_constraints') ?? null)),
  get_hard_deletes_behavior: (_scope, [config]) => hardDeletes(config ?? null),
  standardize_grants_dict: (_scope, [table]) => grantsDict(table ?? null),
  valid_snapshot_target: () => null,
  assert_valid_snapshot_target_given_strategy: () => null,
}

/** What asks or changes the database, and dbt's answer while nothing is executed. */
const databaseMethods: Readonly<Record<string, readonly [run: Method, whileParsing: Method]>> = {
  execute: [execute, (scope) => new Tuple(['', tableValue(emptyTable, scope.print)])],
  add_query: [addQuery, () => new Tuple([null, null])],
  get_relation: [getRelation, none],
  list_relations: [listRelations, emptyList],
  list_relations_without_caching: [listRelations, emptyList],
  list_schemas: [
    (scope, args) => column(callMacro(scope, 'list_schemas', [args[0] ?? scope.databaseName]), 0),
    emptyList,
  ],
  check_schema_exists: [checkSchemaExists, () => false],
  get_columns_in_relation: [
    (scope, args, kwargs) =>
      callMacro(scope, 'get_columns_in_relation', [argument(args, kwargs, 0, 'relation') ?? null]),
    emptyList,
  ],
  get_columns_in_table: [
    (scope, [schema, identifier]) =>
      callMacro(scope, 'get_columns_in_relation', [
        relationValue({
          database: scope.databaseName,
          schema: str(schema ?? null),
          identifier: str(identifier ?? null),
        }),
      ]),
    emptyList,
  ],
  already_exists: [
    (scope, [schema, name]) =>
      getRelation(scope, [scope.databaseName, schema ?? null, name ?? null], {}) !== null,
    () => false,
  ],
  get_missing_columns: [getMissingColumns, emptyList],
  expand_target_column_types: [expandColumnTypes, none],
  get_column_schema_from_query: [columnsOfQuery, emptyList],
  create_schema: [byMacro('create_schema', 'relation'), none],
  drop_schema: [byMacro('drop_schema', 'relation'), none],
  drop_relation: [dropRelation, none],
  truncate_relation: [byMacro('truncate_relation', 'relation'), none],
  rename_relation: [
    (scope, args, kwargs) => {
      const from = argument(args, kwargs, 0, 'from_relation') ?? null
      callMacro(scope, 'rename_relation', [from, argument(args, kwargs, 1, 'to_relation') ?? null])
      return null
    },
    none,
  ],
}

function none(): Value {
  return null
}

function emptyList(): Value {
  return []
}

function callMacro(
  { macro }: AdapterScope,
  name: string,
  args: readonly Value[],
  kwargs: Kwargs = {},
): Value {
  return callValue(macro(name) ?? raise('TemplateRuntimeError', `there is no macro ${name}`), args, kwargs)
}

function byMacro(name: string, parameter: string): Method {
  return (scope, args, kwargs) => {
    callMacro(scope, name, [argument(args, kwargs, 0, parameter) ?? null])
    return null
  }
}

function execute(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const answer = scope.database.query(text(args, kwargs, 0, 'sql') ?? '')
  const isFetched = truth(argument(args, kwargs, 2, 'fetch') ?? false)
  const table = tableValue(isFetched ? tableOf(answer) : emptyTable, scope.print)
  return new Tuple([responseValue(answer.command, answer.rowCount), table])
}

/** What a statement reports: prints as `INSERT 5`. */
export function responseValue(command: string, rowCount: number | null): HostObject {
  const message = rowCount === null ? command : `${command} ${rowCount}`
  const parts: Record<string, Value> = { _message: message, code: command, rows_affected: rowCount }
  return hostObject({
    type: 'AdapterResponse',
    like: 'mapping',
    str: () => message,
    repr: () => `AdapterResponse(_message='${message}', code='${command}', rows_affected=${rowCount})`,
    attribute: (name) => parts[name],
    item: (key) => parts[str(key)],
    iterate: () => Object.keys(parts),
    length: () => 3,
    toJs: () => parts,
  })
}

/** A statement with `%s` where its bindings belong; with bindings `%%` is a percent sign. */
function addQuery(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const given = argument(args, kwargs, 2, 'bindings') ?? null
  const bindings = given === null ? [] : [...iterate(given)]
  let at = 0
  const written = text(args, kwargs, 0, 'sql') ?? ''
  const bound = (place: string) => (place === '%%' ? '%' : literal(bindings[at++] ?? null))
  const sql = given === null ? written : written.replace(/%[s%]/g, bound)
  const { command, rowCount } = scope.database.query(sql)
  return new Tuple([null, responseValue(command, rowCount)])
}

/** A value as SQL. */
function literal(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return String(value)
  const written = `'${str(value).replaceAll("'", "''")}'`
  if (value instanceof PyDateTime) return `${written}::${value.zone === null ? 'timestamp' : 'timestamptz'}`
  return value instanceof PyDate ? `${written}::date` : written
}

function getRelation(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const named = text(args, kwargs, 1, 'schema')
  const name = text(args, kwargs, 2, 'identifier')
  if (named === null || name === null) return null
  const asked = scope.standing(
    scope.folded({ database: scope.databaseName, schema: named, identifier: name }),
  )
  const { rows } = scope.database.query(`
    select case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'table' end as type
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm')
      and n.nspname = ${literal(asked.schema)} and c.relname = ${literal(asked.identifier)}`)
  const [row] = rows
  return row ? relationValue({ ...asked, type: String(row[0]) }) : null
}

/** The relations of a schema, given as a relation or by its names. */
function listRelations(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const given = relationParts(args[0] ?? kwargs['schema_relation'])
  const schema = given?.schema ?? text(args, kwargs, 1, 'schema')
  const asked = relationValue({ database: scope.databaseName, schema, identifier: null })
  const table = callMacro(scope, 'list_relations_without_caching', [asked])
  const parts = (row: Value): readonly (string | null)[] =>
    [...iterate(row)].map((cell) => (cell === null ? null : str(cell)))
  return [...iterate(table)].map((row) => {
    const [database = null, identifier = null, itsSchema = null, type = null] = parts(row)
    return relationValue({ database, schema: itsSchema, identifier, type })
  })
}

function column(table: Value, at: number): Value {
  return [...iterate(table)].map((row) => [...iterate(row)][at] ?? null)
}

function checkSchemaExists(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const schema = text(args, kwargs, 1, 'schema')
  const information = relationValue({
    database: scope.databaseName,
    schema: null,
    identifier: null,
    informationSchemaView: 'SCHEMATA',
  })
  const table = callMacro(scope, 'check_schema_exists', [information, schema])
  const [count] = column(table, 0) as Value[]
  return Number(toJs(count ?? 0)) > 0
}

function dropRelation(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const relation = argument(args, kwargs, 0, 'relation') ?? null
  const { type } = expectRelation(relation, 'adapter.drop_relation()')
  if (type === null || type === undefined)
    raise(
      'TemplateRuntimeError',
      `${str(relation)} is to be dropped, and nobody said whether it is a table or a view`,
    )
  callMacro(scope, 'drop_relation', [relation])
  return null
}

function columnsIn(scope: AdapterScope, relation: Value | undefined): readonly Value[] {
  return [...iterate(callMacro(scope, 'get_columns_in_relation', [relation ?? null]))]
}

function getMissingColumns(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const from = columnsIn(scope, argument(args, kwargs, 0, 'from_relation'))
  const to = new Set(
    columnsIn(scope, argument(args, kwargs, 1, 'to_relation')).map((one) => columnParts(one)?.name),
  )
  return from.filter((one) => !to.has(columnParts(one)?.name))
}

/** Widens text columns of a table that are too narrow for what comes. */
function expandColumnTypes(scope: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const to = argument(args, kwargs, 1, 'to_relation') ?? null
  const there = new Map(columnsIn(scope, to).map((one) => [columnParts(one)?.name, one]))
  for (const wanted of columnsIn(scope, argument(args, kwargs, 0, 'from_relation'))) {
    const target = there.get(columnParts(wanted)?.name)
    const canExpand =
      target && callValue((target as HostObject).protocol.attribute!('can_expand_to')!, [wanted])
    if (canExpand !== true) continue
    const type = (wanted as HostObject).protocol.attribute!('data_type')!
    callMacro(scope, 'alter_column_type', [to, columnParts(wanted)!.name, type])
  }
  return null
}

function columnsOfQuery({ database }: AdapterScope, args: readonly Value[], kwargs: Kwargs): Value {
  const { columns } = database.query(text(args, kwargs, 0, 'sql') ?? '')
  return columns.map(({ name, type }) =>
    columnValue({ name, dtype: type, charSize: null, numericPrecision: null, numericScale: null }),
  )
}

function strategyMacro({ macro }: AdapterScope, strategy: string): Value {
  const name = `get_incremental_${strategy.replace('+', '_')}_sql`
  return (
    macro(name) ??
    raise(
      'TemplateRuntimeError',
      `there is no incremental strategy '${strategy}': neither one of ${incrementalStrategies.join(', ')}, nor a macro ${name}`,
    )
  )
}

/** The SQL type of a column of a table. */
function convertedType(table: Value, at: number): Value {
  const types = (table as HostObject).protocol.attribute?.('column_types')
  const word = types instanceof Tuple ? (types.items[at] as HostObject | undefined)?.protocol.type : 'Text'
  const sqlTypes: Record<string, string> = {
    Integer: 'integer',
    Number: hasFractions(table, at) ? 'float8' : 'integer',
    Boolean: 'boolean',
    Date: 'date',
    DateTime: 'timestamp without time zone',
  }
  return sqlTypes[word ?? 'Text'] ?? 'text'
}

function hasFractions(table: Value, at: number): boolean {
  return [...iterate(table)].some((row) => /\.\d*[1-9]/.test(str([...iterate(row)][at] ?? null)))
}

/** What a config says of rows that are gone; it is `config` itself, or a dictionary of its values. */
function hardDeletes(config: Value): string {
  const get = config instanceof Dict ? undefined : (config as HostObject | null)?.protocol?.attribute?.('get')
  const read = (key: string): Value =>
    (config instanceof Dict ? config.get(key) : get && callValue(get, [key])) ?? null
  const wanted = read('hard_deletes')
  if (typeof wanted === 'string') return wanted
  return read('invalidate_hard_deletes') === true ? 'invalidate' : 'ignore'
}

/** `{privilege: [grantees]}` of a table of grantees and privileges. */
function grantsDict(table: Value): Value {
  const grants = new Map<string, string[]>()
  for (const row of iterate(table)) {
    const [grantee = null, privilege = null] = [...iterate(row)]
    const key = str(privilege)
    grants.set(key, [...(grants.get(key) ?? []), str(grantee)])
  }
  return Dict.of([...grants].map(([privilege, grantees]) => [privilege, fromJs(grantees)] as const))
}
