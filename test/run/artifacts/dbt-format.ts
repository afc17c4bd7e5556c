import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/*
 * What dbt's schemas of manifest v12, run-results v6, catalog v1 and sources v3 ask for, as far as our artifacts
 * touch it. With ESTIMAND_DBT_SCHEMAS_DIR naming a folder with dbt's published schemas (manifest/v12.json and so on
 * below it), documents are checked against those as well.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

interface Shape {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

const nodeRequired = words(
  'database schema name resource_type package_name path original_file_path unique_id fqn alias checksum',
)
const nodeOptional = words(
  `config tags description columns meta group docs patch_path build_path unrendered_config created_at
   config_call_dict relation_name raw_code doc_blocks`,
)
const queryOptional = words(
  `language refs sources metrics functions depends_on compiled_path compiled compiled_code extra_ctes_injected
   extra_ctes contract`,
)

const nodeShapes: Readonly<Record<string, Shape>> = {
  model: {
    required: nodeRequired,
    optional: [
      ...nodeOptional,
      ...queryOptional,
      ...words(
        'access constraints version latest_version deprecation_date primary_key time_spine defer_relation',
      ),
    ],
  },
  seed: {
    required: nodeRequired,
    optional: [...nodeOptional, ...words('root_path depends_on defer_relation')],
  },
  test: {
    required: nodeRequired,
    optional: [
      ...nodeOptional,
      ...queryOptional,
      ...words('column_name file_key_name attached_node test_metadata'),
    ],
  },
}

/** Snapshots and analyses have what any query has. */
const queryShape: Shape = { required: nodeRequired, optional: [...nodeOptional, ...queryOptional] }

const sourceShape: Shape = {
  required: words(
    `database schema name resource_type package_name path original_file_path unique_id fqn source_name
     source_description loader identifier`,
  ),
  optional: words(
    `quoting loaded_at_field loaded_at_query freshness external description columns meta source_meta tags config
     patch_path unrendered_config relation_name created_at unrendered_database unrendered_schema doc_blocks`,
  ),
}

const exposureShape: Shape = {
  required: words('name resource_type package_name path original_file_path unique_id fqn type owner'),
  optional: words(
    `description label maturity meta tags config unrendered_config url depends_on refs sources metrics created_at`,
  ),
}

const semanticOptional = words(
  'description label config unrendered_config group metadata created_at refs depends_on sources metrics meta tags',
)
const identityRequired = words('name resource_type package_name path original_file_path unique_id')

/** What stands in sections of its own, by section. */
const sectionShapes: Readonly<Record<string, Shape>> = {
  metrics: {
    required: [...identityRequired, ...words('fqn description label type type_params')],
    optional: [...semanticOptional, ...words('filter time_granularity')],
  },
  semantic_models: {
    required: [...identityRequired, ...words('fqn model node_relation')],
    optional: [...semanticOptional, ...words('defaults entities measures dimensions primary_entity')],
  },
  saved_queries: {
    required: [...identityRequired, ...words('fqn query_params exports')],
    optional: semanticOptional,
  },
  unit_tests: {
    required: [...identityRequired, ...words('fqn model given expect')],
    optional: words('description overrides depends_on config checksum schema created_at versions version'),
  },
  functions: {
    required: [...nodeRequired, 'returns'],
    optional: [...nodeOptional, ...queryOptional, ...words('arguments overloads')],
  },
  groups: { required: [...identityRequired, 'owner'], optional: words('description config') },
}

/** Without `config`, which only dbt 1.12 knows. */
const macroShape: Shape = {
  required: words('name resource_type package_name path original_file_path unique_id macro_sql'),
  optional: words(
    'depends_on description meta docs config patch_path arguments created_at supported_languages',
  ),
}

const docShape: Shape = {
  required: words('name resource_type package_name path original_file_path unique_id block_contents'),
  optional: [],
}

const metadataShape: Shape = {
  required: ['dbt_schema_version'],
  optional: words(
    `dbt_version generated_at invocation_id invocation_started_at env project_name project_id user_id
     send_anonymous_usage_stats adapter_type quoting run_started_at`,
  ),
}

const manifestShape: Shape = {
  required: words(
    `metadata nodes sources macros docs exposures metrics groups selectors disabled parent_map child_map group_map
     saved_queries semantic_models unit_tests`,
  ),
  optional: ['functions', 'functions'],
}

const runResultsShape: Shape = { required: words('metadata results elapsed_time'), optional: ['args'] }

const resultShape: Shape = {
  required: words(
    `status timing thread_id execution_time adapter_response message failures unique_id compiled compiled_code
     relation_name`,
  ),
  optional: ['batch_results'],
}

/** Those of dbt 1.11; "reused" came later. */
const statuses = [
  'success',
  'error',
  'skipped',
  'partial success',
  'no-op',
  'pass',
  'fail',
  'warn',
  'runtime error',
]
const exposureTypes = words('dashboard notebook analysis ml application')

type Entries = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What is wrong with a manifest. */
export function manifestFaults(document: unknown): readonly string[] {
  const manifest = asRead(document)
  const { nodes, sources, exposures, macros, docs } = manifest as Record<string, Entries>
  return [
    ...faults('manifest', manifest, manifestShape),
    ...faults('metadata', manifest.metadata as object, metadataShape),
    ...Object.entries(nodes!).flatMap(([id, node]) => {
      const type = String(node.resource_type)
      const shape = nodeShapes[type] ?? (['snapshot', 'analysis'].includes(type) ? queryShape : undefined)
      return shape ? entryFaults(id, node, shape, type) : [`${id} is a ${type}`]
    }),
    ...Object.entries(sources!).flatMap(([id, source]) => entryFaults(id, source, sourceShape, 'source')),
    ...Object.entries(exposures!).flatMap(([id, exposure]) => [
      ...entryFaults(id, exposure, exposureShape, 'exposure'),
      ...(exposureTypes.includes(String(exposure.type)) ? [] : [`${id} has type ${exposure.type}`]),
    ]),
    ...Object.entries(macros!).flatMap(([id, macro]) => entryFaults(id, macro, macroShape, 'macro')),
    ...Object.entries(docs!).flatMap(([id, doc]) => entryFaults(id, doc, docShape, 'doc')),
    ...Object.entries(sectionShapes).flatMap(([section, shape]) =>
      Object.entries((manifest as Record<string, Entries>)[section]!).flatMap(([id, entry]) =>
        entryFaults(id, entry, shape, String(entry.resource_type)),
      ),
    ),
    ...publishedSchemaFaults('manifest/v12.json', manifest),
  ]
}

/** What is wrong with run results. */
export function runResultsFaults(document: unknown): readonly string[] {
  const artifact = asRead(document)
  const results = artifact.results as Readonly<Record<string, unknown>>[]
  return [
    ...faults('run results', artifact, runResultsShape),
    ...faults('metadata', artifact.metadata as object, metadataShape),
    ...results.flatMap((result) => [
      ...faults(String(result.unique_id), result, resultShape),
      ...(statuses.includes(String(result.status))
        ? []
        : [`${result.unique_id} has status ${result.status}`]),
    ]),
    ...publishedSchemaFaults('run-results/v6.json', artifact),
  ]
}

/** What is wrong with a catalog. */
export function catalogFaults(document: unknown): readonly string[] {
  const catalog = asRead(document)
  return [
    ...faults('catalog', catalog, { required: words('metadata nodes sources'), optional: ['errors'] }),
    ...Object.entries({ ...(catalog.nodes as Entries), ...(catalog.sources as Entries) }).flatMap(
      ([id, table]) => [
        ...faults(id, table, { required: words('metadata columns stats'), optional: ['unique_id'] }),
        ...faults(id, table.metadata as object, {
          required: words('type schema name'),
          optional: words('database comment owner'),
        }),
        ...Object.values(table.columns as object).flatMap((column) =>
          faults(id, column as object, { required: words('type index name'), optional: ['comment'] }),
        ),
      ],
    ),
    ...publishedSchemaFaults('catalog/v1.json', catalog),
  ]
}

/** What is wrong with the freshness of sources. */
export function sourcesFaults(document: unknown): readonly string[] {
  const artifact = asRead(document)
  return [
    ...faults('sources', artifact, { required: words('metadata results elapsed_time'), optional: [] }),
    ...(artifact.results as Readonly<Record<string, unknown>>[]).flatMap((result) =>
      faults(
        String(result.unique_id),
        result,
        result.status === 'runtime error'
          ? { required: words('unique_id status'), optional: ['error'] }
          : {
              required: words(
                `unique_id max_loaded_at snapshotted_at max_loaded_at_time_ago_in_s status criteria adapter_response
                 timing thread_id execution_time`,
              ),
              optional: [],
            },
      ),
    ),
    ...publishedSchemaFaults('sources/v3.json', artifact),
  ]
}

/** The document as it comes out of the file. */
function asRead(document: unknown): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(document))
}

function faults(what: string, value: object, { required, optional }: Shape): string[] {
  const keys = Object.keys(value)
  return [
    ...required.filter((key) => !keys.includes(key)).map((key) => `${what} lacks ${key}`),
    ...keys
      .filter((key) => !required.includes(key) && !optional.includes(key))
      .map((key) => `${what} has ${key}`),
  ]
}

function entryFaults(
  id: string,
  entry: Readonly<Record<string, unknown>>,
  shape: Shape,
  type: string,
): string[] {
  return [
    ...faults(id, entry, shape),
    ...(entry.unique_id === id ? [] : [`${id} calls itself ${entry.unique_id}`]),
    ...(entry.resource_type === type ? [] : [`${id} is a ${entry.resource_type}`]),
    ...(id.startsWith(`${type}.`) ? [] : [`${id} does not begin like a ${type}`]),
  ]
}

function publishedSchemaFaults(file: string, document: unknown): readonly string[] {
  const folder = process.env.ESTIMAND_DBT_SCHEMAS_DIR
  if (!folder) return []
  const schema = z.fromJSONSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  return (schema.safeParse(document).error?.issues ?? []).map((issue) => `${file}: ${JSON.stringify(issue)}`)
}
