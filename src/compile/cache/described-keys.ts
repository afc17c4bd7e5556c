import type { PatchSpec } from '../../core/project.ts'

/*
 * What YAML says about a node is found by the node's kind and name, in any package, and for a version of a model by
 * the name of its file.
 */

/** The keys under which a patch is found. */
export function describedKeys({ resource, name, package: packageName, versions }: PatchSpec): string[] {
  const files = versions.flatMap(({ v, definedIn }) => [definedIn ?? `${name}_v${v}`, name])
  return [nameKey(resource, name), ...files.map((file) => fileKey(packageName, file))]
}

/** The key of a kind and name. */
export function nameKey(resource: PatchSpec['resource'], name: string): string {
  return `${resource} ${name}`
}

/** The key of a file that may be a version of a model; `file` is without its ending. */
export function fileKey(packageName: string, file: string): string {
  return `version ${packageName} ${file}`
}
