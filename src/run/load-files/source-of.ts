import type { Renderer } from '../../compile/renderer.ts'
import type { FilesSpec, PostgresSpec } from '../../core/load-spec.ts'
import type { LoadNode } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { FileSource } from './file-source.ts'
import { isHttpAddress } from './http-address.ts'
import { httpFiles } from './http-files.ts'
import { localFiles } from './local-files.ts'
import { standardInput } from './standard-input.ts'

/** A load that reads files. */
export type FilesLoad = LoadNode & { readonly spec: FilesSpec }

/** Whether a load reads files. */
export function isFilesLoad(node: LoadNode): node is FilesLoad {
  return node.spec.kind === 'files'
}

/** A load that reads another PostgreSQL. */
export type PostgresLoad = LoadNode & { readonly spec: PostgresSpec }

/** A load whose rows are copied as the server reads them. */
export type RowsLoad = FilesLoad | PostgresLoad

/** Whether a load reads another PostgreSQL. */
export function isPostgresLoad(node: LoadNode): node is PostgresLoad {
  return node.spec.kind === 'postgres'
}

/** The source that a load reads from, once the template that names it is rendered. */
export function sourceOf(
  node: FilesLoad,
  renderer: Pick<Renderer, 'renderValue'>,
  projectRoot: string,
): FileSource {
  const from = String(renderer.renderValue(node.spec.from))
  if (from === '-') return standardInput()
  const refuse = (message: string, hint: string) => loadProblem(node, message, hint)
  return isHttpAddress(from) ? httpFiles(from, refuse) : localFiles(from, projectRoot, refuse)
}

/** A problem of a load, which points to its declaration. */
export function loadProblem(node: LoadNode, message: string, hint?: string): ProblemError {
  return new ProblemError(makeProblem('load-failed', message, { place: node.place, ...(hint && { hint }) }))
}
