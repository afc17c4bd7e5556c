import { createHash } from 'node:crypto'
import { timeSpineData } from '../../compile/context/node-value.ts'
import { textChecksum } from '../../compile/nodes/text-checksum.ts'
import { primaryKey } from '../../compile/primary-key.ts'
import { holdsTemplate } from '../../compile/yaml-values.ts'
import { extended } from '../../core/extended.ts'
import type {
  ExposureNode,
  JobNode,
  JobTableNode,
  LoadNode,
  ModelNode,
  SeedNode,
  SourceNode,
  TestNode,
} from '../../core/node.ts'
import { artifactName } from './artifact-ids.ts'
import { type ArtifactScope, relationName } from './artifact-scope.ts'
import { contractChecksum } from './contract-checksum.ts'
import {
  checksum,
  columnEntries,
  constraintEntries,
  type Entry,
  entryMeta,
  genericEntry,
  identity,
  modelTraits,
  parentIds,
  place,
  queryEntry,
  reads,
  tableEntry,
} from './entry-parts.ts'
import { nodeConfig, writtenKey } from './node-config.ts'
import { plainObject } from './plain-json.ts'

/*
 * One entry of dbt's manifest per node. Kinds that dbt has not are written as models: a job as a table, a load
 * as an ephemeral model, which no tool looks for in the warehouse; meta.estimand says what they are.
 */

/** A model. */
export function modelEntry(node: ModelNode, scope: ArtifactScope): Entry {
  const contract = { ...modelTraits.contract, enforced: node.contractEnforced }
  const constraints = constraintEntries(node.constraints)
  return extended(tableEntry(node, scope, node.relation), queryEntry(node, scope), {
    group: node.group ?? null,
    access: node.access,
    contract: { ...contract, checksum: node.contractEnforced ? contractChecksum(node, constraints) : null },
    constraints,
    version: node.version ?? null,
    latest_version: node.latestVersion ?? null,
    deprecation_date: node.deprecationDate ?? null,
    primary_key: primaryKey(node, scope.manifest, scope.testsOf?.(node.id)),
    time_spine: timeSpineData(node.timeSpine),
    checksum: checksum(node.checksum),
    raw_code: node.rawCode.trim(),
    config: nodeConfig(node, {
      // The names of those that a macro of the project defines stand in the config as written.
      ...(node.materialized !== 'custom' && { materialized: node.materialized }),
      unique_key: writtenKey(node) ?? node.uniqueKey[0] ?? null,
      on_schema_change: node.onSchemaChange,
      full_refresh: node.fullRefresh ?? null,
      access: node.access,
      group: node.group ?? null,
      contract,
    }),
  })
}

/** A job, as the table of its estimates. */
export function jobEntry(node: JobNode, scope: ArtifactScope): Entry {
  const spec = plainObject(node.spec)
  const tables = node.tables.map(({ relation }) => relation.identifier)
  const ours = { kind: 'job', job_kind: node.spec.kind, tables, spec }
  const meta = { ...plainObject(node.meta), estimand: ours }
  return extended(tableEntry(node, scope, node.relation), queryEntry(node, scope), modelTraits, {
    description: node.description || node.spec.question,
    checksum: checksum(createHash('sha256').update(JSON.stringify(spec)).digest('hex')),
    raw_code: '',
    meta: entryMeta(node, scope, ours),
    config: nodeConfig(node, { materialized: 'table', meta, contract: modelTraits.contract }),
  })
}

/** A further table of a job, as a model that is made from the job's. */
export function jobTableEntry(node: JobTableNode, scope: ArtifactScope): Entry {
  const ours = { kind: 'job_table', job: scope.idOf(node.job), table: node.suffix }
  const meta = { ...plainObject(node.meta), estimand: ours }
  return extended(tableEntry(node, scope, node.relation), queryEntry(node, scope), modelTraits, {
    checksum: checksum(createHash('sha256').update(JSON.stringify(ours)).digest('hex')),
    raw_code: '',
    meta: entryMeta(node, scope, ours),
    config: nodeConfig(node, { materialized: 'table', meta, contract: modelTraits.contract }),
  })
}

/** A load, as a model without a relation: the tables that it fills are sources. */
export function loadEntry(node: LoadNode, scope: ArtifactScope): Entry {
  const spec = plainObject(node.spec)
  const meta = { ...plainObject(node.meta), estimand: { kind: 'load', load_kind: node.spec.kind, spec } }
  const [table] = node.spec.tables
  const name = artifactName(node, scope.idOf(node.id))
  return extended(
    tableEntry(node, scope, { schema: table?.schema ?? scope.options.target.schema, identifier: name }),
    queryEntry(node, scope),
    modelTraits,
    {
      name,
      fqn: [...node.fqn.slice(0, -1), name],
      checksum: checksum(node.checksum),
      raw_code: '',
      meta,
      config: nodeConfig(node, { materialized: 'ephemeral', meta, contract: modelTraits.contract }),
    },
  )
}

/** A seed; it is the one kind of node that cannot depend on others. */
export function seedEntry(node: SeedNode, scope: ArtifactScope): Entry {
  return extended(tableEntry(node, scope, node.relation), {
    group: node.group ?? null,
    checksum: checksum(node.checksum),
    raw_code: '',
    root_path: null,
    depends_on: { macros: [] },
    config: nodeConfig(node, {
      materialized: 'seed',
      column_types: node.columnTypes,
      delimiter: node.delimiter,
      quote_columns: node.quoteColumns ?? null,
    }),
  })
}

/** A test, with its thresholds. */
export function testEntry(node: TestNode, scope: ArtifactScope): Entry {
  const { generic } = node
  const isKept = (node.storeFailures ?? 'ephemeral') !== 'ephemeral'
  return extended(tableEntry(node, scope, node.relation), queryEntry(node, scope), {
    relation_name: isKept ? relationName(node, node.relation, scope.manifest, scope.options) : null,
    group: node.group ?? null,
    ...(generic && genericEntry(node, scope)),
    checksum: generic ? checksum('') : checksum(textChecksum(node.rawCode)),
    raw_code: node.rawCode.trim(),
    contract: { ...modelTraits.contract, checksum: null },
    config: nodeConfig(node, {
      materialized: 'test',
      severity:
        typeof node.config['severity'] === 'string' ? node.config['severity'] : node.severity.toUpperCase(),
      where: node.where ?? null,
      limit: node.limit ?? null,
      fail_calc: node.failCalc,
      warn_if: node.warnIf,
      error_if: node.errorIf,
      ...(node.isLost && { enabled: false }),
      ...(node.storeFailures && {
        store_failures: node.storeFailures !== 'ephemeral',
        store_failures_as: node.storeFailures,
      }),
    }),
  })
}

const noQuoting = { database: null, schema: null, identifier: null, column: null }

/** Sources stand apart from the other nodes and depend on nothing; that a load fills one is in `loader`. */
export function sourceEntry(node: SourceNode, scope: ArtifactScope): Entry {
  const load = scope.parentsOf(node).find(({ resourceType }) => resourceType === 'load')
  const meta = {
    ...plainObject(node.meta),
    ...(load && { estimand: { kind: 'source', load: scope.idOf(load.id) } }),
  }
  const freshness = freshnessEntry(node.freshness)
  return {
    ...identity(node, scope),
    ...place(node.relation.schema, scope),
    ...(node.database !== undefined && { database: node.database }),
    path: node.path,
    patch_path: null,
    doc_blocks: node.docBlocks ?? [],
    unrendered_config: sourceConfig(node),
    unrendered_database: node.writtenDatabase ?? null,
    unrendered_schema: node.writtenSchema ?? node.relation.schema,
    source_name: node.sourceName,
    source_description: node.sourceDescription,
    loader: load ? `estimand load ${load.name}` : (node.loader ?? ''),
    identifier: node.relation.identifier,
    quoting: { ...noQuoting, ...plainObject(node.config['quoting'] ?? {}) },
    loaded_at_field: node.loadedAtField ?? null,
    loaded_at_query: node.loadedAtQuery ?? null,
    freshness,
    external: null,
    columns: columnEntries(node.columns),
    meta,
    source_meta: {},
    relation_name: relationName(node, node.relation, scope.manifest, scope.options),
    config: nodeConfig(node, {
      meta,
      freshness,
      loaded_at_field: node.loadedAtField ?? null,
      loaded_at_query: node.loadedAtQuery ?? null,
    }),
  }
}

/** The part of what is written for a source that is its config. */
function sourceConfig(node: SourceNode): Entry {
  const { tags, freshness, loadedAtField, loadedAtQuery } = node
  return {
    ...(freshness !== undefined && { freshness: freshnessEntry(freshness) }),
    loaded_at_field: loadedAtField ?? null,
    loaded_at_query: loadedAtQuery ?? null,
    ...('enabled' in node.config && { enabled: node.config['enabled'] }),
    meta: plainObject(node.meta),
    tags,
    ...plainObject(templatesOf(node.writtenConfig ?? {})),
  }
}

/** Values that project files write as templates. */
function templatesOf(config: Entry): Entry {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => holdsTemplate(value)))
}

/** Null where freshness is switched off; limits without numbers where nothing is said of them. */
function freshnessEntry(freshness: SourceNode['freshness']): Entry | null {
  if (freshness === null) return null
  const { warnAfter, errorAfter, filter } = freshness ?? {}
  const none = { count: null, period: null }
  return { warn_after: warnAfter ?? none, error_after: errorAfter ?? none, filter: filter ?? null }
}

/** An exposure. */
export function exposureEntry(node: ExposureNode, scope: ArtifactScope): Entry {
  return {
    ...identity(node, scope),
    path: node.path.slice(node.path.indexOf('/') + 1),
    type: node.exposureType,
    owner: { name: node.owner.name ?? null, email: node.owner.email ?? null },
    label: node.label ?? null,
    maturity: ['low', 'medium', 'high'].includes(node.maturity ?? '') ? node.maturity : null,
    url: node.url ?? null,
    config: nodeConfig(node, {}),
    ...reads(node, scope),
    depends_on: { macros: [], nodes: parentIds(node, scope) },
  }
}
