import { createHash } from 'node:crypto'
import type { Renderer } from '../compile/renderer.ts'
import type { LoadSpec, ParamValue } from '../core/load-spec.ts'
import type { LoadNode, NodeId } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { isFilesLoad, isPostgresLoad, sourceOf } from './load-files/source-of.ts'

/** A load's parameters: its defaults, replaced by vars of the same name. Throws when a var has another type. */
export function loadParams(
  spec: LoadSpec,
  vars: Readonly<Record<string, unknown>>,
): Readonly<Record<string, ParamValue>> {
  return Object.fromEntries(
    Object.entries(spec.params).map(([name, fallback]) => {
      const given = vars[name]
      if (given === undefined) return [name, fallback]
      if (typeof given !== typeof fallback)
        throw new ProblemError(
          makeProblem(
            'config-invalid',
            `var ${name} must be a ${typeof fallback}, not ${JSON.stringify(given)}`,
            {
              hint: `for example --vars '{${name}: ${JSON.stringify(fallback)}}'`,
            },
          ),
        )
      return [name, given as ParamValue]
    }),
  )
}

/**
 * One string for what each load would write: it changes with declaration, parameters or code, and with the files of one
 * that replaces all by all. What can be read only once, or never tells whether it has changed, has none: it is always
 * loaded.
 */
export async function fingerprintLoads(
  nodes: readonly LoadNode[],
  vars: Readonly<Record<string, unknown>>,
  renderer: Pick<Renderer, 'renderValue'>,
  projectRoot: string,
): Promise<ReadonlyMap<NodeId, string>> {
  const entries: [NodeId, string][] = []
  for (const node of nodes) {
    if (isPostgresLoad(node)) continue
    const parts: unknown[] = [node.spec, loadParams(node.spec, vars), node.checksum]
    if (isFilesLoad(node)) {
      const source = sourceOf(node, renderer, projectRoot)
      if (!source.isLasting) continue
      const files = node.spec.mode === 'replace' ? await source.list() : []
      parts.push(...files.map(({ address, sizeBytes, version }) => [address, sizeBytes, version]))
    }
    entries.push([node.id, createHash('sha256').update(JSON.stringify(parts)).digest('hex')])
  }
  return new Map(entries)
}
