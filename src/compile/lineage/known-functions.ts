/*
 * What PostgreSQL's own functions return, as far as it decides names of columns or kinds of lineage. From the
 * catalog of PostgreSQL 18: functions that return a set, with their OUT parameters, and aggregates.
 */

/** Columns of functions that name what they return; an alias does not change them. */
const outColumns: Readonly<Record<string, readonly string[]>> = {
  aclexplode: ['grantor', 'grantee', 'privilege_type', 'is_grantable'],
  json_array_elements: ['value'],
  json_array_elements_text: ['value'],
  json_each: ['key', 'value'],
  json_each_text: ['key', 'value'],
  jsonb_array_elements: ['value'],
  jsonb_array_elements_text: ['value'],
  jsonb_each: ['key', 'value'],
  jsonb_each_text: ['key', 'value'],
  ts_debug: ['alias', 'description', 'token', 'dictionaries', 'dictionary', 'lexemes'],
  ts_parse: ['tokid', 'token'],
  ts_stat: ['word', 'ndoc', 'nentry'],
  ts_token_type: ['tokid', 'alias', 'description'],
}

/** Functions that return one column, called like the function or its alias. */
const scalarFunctions = new Set(
  (
    'generate_series generate_subscripts json_object_keys jsonb_object_keys jsonb_path_query ' +
    'jsonb_path_query_tz regexp_matches regexp_split_to_table string_to_table unnest'
  ).split(' '),
)

const aggregates = new Set(
  (
    'any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every ' +
    'json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique ' +
    'json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict ' +
    'jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode percentile_cont percentile_disc ' +
    'range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx ' +
    'regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg'
  ).split(' '),
)

/** A function's name as written, schema first if it has one. */
export type FunctionName = readonly string[]

/** What a function in FROM returns: columns of fixed names, one column, or nobody knows. */
export function returnedColumns(name: FunctionName): readonly string[] | 'one' | 'unknown' {
  const own = ownName(name)
  if (own === undefined) return 'unknown'
  if (Object.hasOwn(outColumns, own)) return outColumns[own]!
  return scalarFunctions.has(own) ? 'one' : 'unknown'
}

/** Whether a call gathers the values of many rows. */
export function isAggregate(name: FunctionName): boolean {
  const own = ownName(name)
  return own !== undefined && aggregates.has(own)
}

/** The name of a function of PostgreSQL itself; one in another schema is somebody else's. */
function ownName(name: FunctionName): string | undefined {
  return name.length === 1 || name[0] === 'pg_catalog' ? name.at(-1) : undefined
}
