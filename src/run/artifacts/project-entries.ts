import type { Manifest } from '../../core/manifest.ts'
import type { Node } from '../../core/node.ts'
import type { ArtifactScope } from './artifact-scope.ts'
import type { Entry } from './entry-parts.ts'
import { nodeEntry } from './node-entry.ts'
import { plainJson, plainObject } from './plain-json.ts'

/*
 * The sections of the manifest about the project rather than its nodes.
 */

/** The docs blocks, and the page on which dbt's documentation site opens; it shows nothing at all without one. */
export function docEntries(manifest: Manifest): Readonly<Record<string, Entry>> {
  const { project, docs } = manifest
  const written = Object.values(docs).map(({ id, name, package: packageName, path, contents }) => [
    id,
    docEntry({ id, name, package: packageName, path, contents }),
  ])
  const id = 'doc.dbt.__overview__'
  const overview = {
    id,
    name: '__overview__',
    package: 'dbt',
    path: 'docs/overview.md',
    contents: overviewOf(project),
  }
  return Object.fromEntries([[id, docEntry(overview)], ...written])
}

function docEntry({ id, name, package: packageName, path, contents }: Manifest['docs'][string]): Entry {
  return {
    name,
    resource_type: 'doc',
    package_name: packageName,
    path: path.slice(path.indexOf('/') + 1),
    original_file_path: path,
    unique_id: id,
    block_contents: contents,
  }
}

const overviewOf = (project: string): string => `# ${project}

Built with Estimand: SQL models and causal estimates in one graph.

dbt has no analyses that write estimates, and none that load data; both stand here as models. An **analysis** is
a table, with the question it answers under \`meta.estimand.spec\`. A **load** is an ephemeral model named
\`load__…\`, followed by the sources that it fills.
`

/** The groups by their ids. */
export function groupEntries({ groups }: Manifest): Readonly<Record<string, Entry>> {
  return Object.fromEntries(
    Object.values(groups).map(({ id, name, package: packageName, path, description, owner, config }) => [
      id,
      {
        name,
        resource_type: 'group',
        package_name: packageName,
        path: path.slice(path.indexOf('/') + 1),
        original_file_path: path,
        unique_id: id,
        owner: { name: null, email: null, ...plainObject(owner) },
        description: description || null,
        config: plainObject(config),
      },
    ]),
  )
}

/** The members of each group by the group's name. */
export function groupMap({ manifest, idOf }: ArtifactScope): Readonly<Record<string, readonly string[]>> {
  const names = Object.values(manifest.groups).map(({ name }) => name)
  const members = (name: string) =>
    Object.values(manifest.nodes).flatMap((node) =>
      'group' in node && node.group === name ? [idOf(node.id)] : [],
    )
  return Object.fromEntries(names.map((name) => [name, members(name)]))
}

/** The selections of selectors.yml by name. */
export function selectorEntries({ selectors }: Manifest): Readonly<Record<string, Entry>> {
  return Object.fromEntries(
    Object.values(selectors).map(({ name, description, definition, isDefault }) => [
      name,
      {
        name,
        ...(description && { description }),
        definition: plainJson(definition),
        ...(isDefault && { default: true }),
      },
    ]),
  )
}

/** Tests of what is switched off, or not there: dbt lists them among the nodes, switched off. */
export function lostTests({ disabled }: Pick<Manifest, 'disabled'>): readonly Node[] {
  return disabled.filter((node) => node.resourceType === 'test' && node.isLost === true)
}

/** What else is switched off, by the id that it would have. */
export function disabledEntries(scope: ArtifactScope): Readonly<Record<string, readonly Entry[]>> {
  const entries: Record<string, Entry[]> = {}
  const lost = new Set(lostTests(scope.manifest))
  for (const node of scope.manifest.disabled) {
    if (lost.has(node)) continue
    const entry = nodeEntry(node, scope)
    entries[String(entry['unique_id'])] = [...(entries[String(entry['unique_id'])] ?? []), entry]
  }
  return entries
}
