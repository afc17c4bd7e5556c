import { functionData } from '../../compile/context/node-value.ts'
import type { AnalysisNode, FunctionNode, Node, SnapshotNode, UnitTestNode } from '../../core/node.ts'
import type { FixtureRows } from '../../core/unit-test-spec.ts'
import { type ArtifactScope, relationName } from './artifact-scope.ts'
import { checksum, type Entry, identity, parentIds, queryEntry, tableEntry } from './entry-parts.ts'
import { nodeConfig, writtenKey } from './node-config.ts'
import { plainObject } from './plain-json.ts'
import { fullRowFirst, unitTestChecksum } from './unit-test-checksum.ts'

/*
 * Entries of the manifest for snapshots, analyses, functions and unit tests.
 */

const noContract = { enforced: false, alias_types: true, checksum: null } as const

const usualNames = {
  dbt_valid_to: null,
  dbt_valid_from: null,
  dbt_scd_id: null,
  dbt_updated_at: null,
  dbt_is_deleted: null,
} as const

/** A snapshot. */
export function snapshotEntry(node: SnapshotNode, scope: ArtifactScope): Entry {
  const { spec } = node
  const written = node.config['snapshot_meta_column_names']
  return {
    ...tableEntry(node, scope, node.relation),
    ...queryEntry(node, scope),
    group: node.group ?? null,
    contract: noContract,
    checksum: checksum(node.checksum),
    raw_code: node.rawCode,
    config: nodeConfig(node, {
      materialized: 'snapshot',
      strategy: spec.strategy,
      unique_key: writtenKey(node) ?? spec.uniqueKey[0] ?? null,
      updated_at: spec.updatedAt ?? null,
      check_cols: spec.strategy === 'check' ? spec.checkCols : null,
      // Names that nobody chose are the usual ones, which is said by saying nothing.
      ...(written !== undefined &&
        written !== null && {
          snapshot_meta_column_names: { ...usualNames, ...plainObject(written as Entry) },
        }),
      dbt_valid_to_current: spec.validToCurrent ?? null,
      ...(spec.hardDeletes !== 'ignore' && { hard_deletes: spec.hardDeletes }),
    }),
  }
}

/** An analysis: compiled, and never a relation. */
export function analysisEntry(node: AnalysisNode, scope: ArtifactScope): Entry {
  return {
    ...tableEntry(node, scope, {
      schema: node.schema ?? scope.options.target.schema,
      identifier: node.name,
    }),
    ...queryEntry(node, scope),
    group: null,
    contract: noContract,
    checksum: checksum(node.checksum),
    raw_code: node.rawCode.trim(),
    config: nodeConfig(node, {}),
  }
}

/** A function of the database, with what goes in and what comes out. */
export function functionEntry(node: FunctionNode, scope: ArtifactScope): Entry {
  return {
    ...tableEntry(node, scope, node.relation),
    ...queryEntry(node, scope),
    ...functionData(node),
    relation_name: relationName(node, node.relation, scope.manifest, scope.options),
    group: node.group ?? null,
    contract: noContract,
    checksum: checksum(node.checksum),
    raw_code: node.rawCode.trim(),
    config: nodeConfig(node, { materialized: 'function', volatility: node.volatility ?? null }),
  }
}

/** A unit test, with its rows as they are written. */
export function unitTestEntry(node: UnitTestNode, scope: ArtifactScope): Entry {
  const { unrendered_config: _config, meta: _meta, tags: _tags, ...base } = identity(node, scope)
  const { macros, vars, envVars } = node.overrides
  return {
    ...base,
    path: pathBelowFolder(node),
    model: node.model,
    given: node.given.map(({ input, rows }) => ({ input, ...fixture(rows) })),
    expect: fixture(node.expect),
    overrides: [macros, vars, envVars].some((values) => Object.keys(values).length > 0)
      ? { macros: plainObject(macros), vars: plainObject(vars), env_vars: plainObject(envVars) }
      : null,
    depends_on: { macros: [], nodes: parentIds(node, scope) },
    config: nodeConfig(node, {}),
    checksum: unitTestChecksum(node),
    schema: scope.options.target.schema,
    versions: node.versions
      ? { include: node.versions.include ?? null, exclude: node.versions.exclude ?? null }
      : null,
    version: node.version ?? null,
  }
}

function fixture(rows: FixtureRows): Entry {
  const { format, fixture = null } = rows
  switch (rows.kind) {
    case 'rows':
      return { rows: fullRowFirst(rows.rows).map(plainObject), format, fixture }
    case 'sql':
      return { rows: rows.sql, format, fixture }
    case 'seed':
      return { rows: null, format, fixture }
  }
}

/** The YAML file below the folder that holds it. */
export function pathBelowFolder({ path }: Node): string {
  return path.slice(path.indexOf('/') + 1)
}
