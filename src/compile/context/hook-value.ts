import { createHash } from 'node:crypto'
import { defaultConfig } from '../../core/default-config.ts'
import type { Manifest, ProjectHook, Target } from '../../core/manifest.ts'
import { makeMacroReader } from '../macro-reads.ts'

/** A hook of a project as dbt's node of the kind `operation`, in `graph`, in results and in the manifest. */
export function hookData(hook: ProjectHook, manifest: Manifest, target: Target): Record<string, unknown> {
  const { id, name, package: packageName, file, sql, tag, dependsOn } = hook
  const parents = dependsOn.flatMap((parent) => manifest.nodes[parent] ?? [])
  return {
    database: target.database,
    schema: target.schema,
    name,
    resource_type: 'operation',
    package_name: packageName,
    path: `hooks/${name}.sql`,
    original_file_path: `./${file.split('/').at(-1)}`,
    unique_id: id,
    fqn: [packageName, 'hooks', name],
    alias: name,
    checksum: { name: 'sha256', checksum: createHash('sha256').update(sql).digest('hex') },
    config: { ...defaultConfig('analysis') },
    tags: [tag],
    description: '',
    columns: {},
    meta: {},
    group: null,
    docs: { show: true, node_color: null },
    patch_path: null,
    build_path: null,
    unrendered_config: {},
    relation_name: null,
    raw_code: sql,
    doc_blocks: [],
    language: 'sql',
    refs: parents.flatMap((parent) =>
      parent.resourceType === 'source'
        ? []
        : [
            {
              name: parent.name,
              package: null,
              version: 'version' in parent ? (parent.version ?? null) : null,
            },
          ],
    ),
    sources: parents.flatMap((parent) =>
      parent.resourceType === 'source' ? [[parent.sourceName, parent.name]] : [],
    ),
    metrics: [],
    functions: [],
    depends_on: { macros: makeMacroReader(manifest)(sql, packageName), nodes: dependsOn },
    contract: { enforced: false, alias_types: true, checksum: null },
  }
}
