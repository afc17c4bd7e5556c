import { cutToFit } from '../core/cut-to-fit.ts'
import type { Relation } from '../core/node.ts'
import { fromJs } from './dialect/index.ts'
import type { NamedNode, Naming } from './nodes/draft.ts'
import { withFoldedNames } from './quoting.ts'
import type { Templates } from './templates.ts'

/**
 * Where nodes stand: in the target's schema, or in `<target schema>_<schema>` when their config names one, under
 * their alias or name. Macros generate_schema_name and generate_alias_name change that, as in dbt: those of the
 * node's own package, else those of the project.
 */
export function makeNaming(templates: Templates): Naming {
  const { target } = templates.options
  return (node): Relation => {
    const custom = text(node.config['schema'])
    const alias = text(node.config['alias'])
    const schema =
      callOwn(templates, 'generate_schema_name', custom, node) ??
      (custom === null ? target.schema : `${target.schema}_${custom}`)
    const identifier = callOwn(templates, 'generate_alias_name', alias, node) ?? alias ?? defaultAlias(node)
    return withFoldedNames({ schema: cutToFit(schema), identifier }, templates.quoting)
  }
}

/** The database that a node is configured for, where anything says so: a macro, or its config. */
export function makeDatabaseNaming(templates: Templates): (node: NamedNode) => string | null {
  return (node) => {
    const custom = text(node.config['database'])
    const named = callOwn(templates, 'generate_database_name', custom, node) ?? custom
    // Snapshots have a key of their own for it, which the macro does not see.
    return text(node.config['target_database']) ?? named
  }
}

function defaultAlias({ name, version }: NamedNode): string {
  return version === undefined ? name : `${name}_v${String(version).replaceAll('.', '_')}`
}

function text(value: unknown): string | null {
  return value === undefined || value === null || value === '' ? null : String(value).trim()
}

/** What a macro of the node's package or of the project says, or null when there is none. */
function callOwn(templates: Templates, macro: string, custom: string | null, node: NamedNode): string | null {
  const { macros, dialect } = templates
  const block = macros.inPackage(node.package, macro) ?? macros.findOwn(macro)
  if (!block) return null
  const names = templates.plainNames(node.package)
  const value = dialect.callMacro(block, [custom, fromJs(nodeValue(node, templates))], {}, names)
  return String(value).trim()
}

function nodeValue(node: NamedNode, { options }: Templates): Record<string, unknown> {
  const { name, package: packageName, resourceType, packagePath, fqn, config, version } = node
  return {
    name,
    package_name: packageName,
    resource_type: resourceType,
    unique_id: `${resourceType}.${packageName}.${name}`,
    path: packagePath.slice(packagePath.indexOf('/') + 1),
    original_file_path: packagePath,
    fqn,
    config,
    tags: config['tags'] ?? [],
    meta: config['meta'] ?? {},
    schema: options.target.schema,
    database: options.target.database,
    alias: name,
    ...(version !== undefined && { version }),
  }
}
