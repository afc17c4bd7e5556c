import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import type { Renderer } from '../compile/renderer.ts'
import type { LoadSpec, ParamValue } from '../core/load-spec.ts'
import type { LoadNode, NodeId } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { csvFile } from './steps/csv-load.ts'

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

/** One string for what each load would write: it changes with declaration, parameters, code or file. */
export function fingerprintLoads(
  nodes: readonly LoadNode[],
  vars: Readonly<Record<string, unknown>>,
  renderer: Pick<Renderer, 'renderValue'>,
  projectRoot: string,
): ReadonlyMap<NodeId, string> {
  return new Map(
    nodes.map((node) => {
      const parts: unknown[] = [node.spec, loadParams(node.spec, vars), node.checksum]
      if (node.spec.kind === 'csv') {
        const path = csvFile(node, String(renderer.renderValue(node.spec.file)), projectRoot)
        const { size, mtimeMs } = statSync(path)
        parts.push(path, size, mtimeMs)
      }
      return [node.id, createHash('sha256').update(JSON.stringify(parts)).digest('hex')]
    }),
  )
}
