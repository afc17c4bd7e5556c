import type { Renderer } from '../../compile/renderer.ts'
import type { FilesSpec, PostgresSpec, S3Spec } from '../../core/load-spec.ts'
import type { LoadNode } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { FileSource } from './file-source.ts'
import { isHttpAddress } from './http-address.ts'
import { httpFiles } from './http-files.ts'
import { localFiles, type Refuse } from './local-files.ts'
import { isS3Address } from './s3-address.ts'
import { s3Files } from './s3-files.ts'
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
  const rendered = (text: string) => String(renderer.renderValue(text))
  const { from, s3 = {} } = node.spec
  const { endpoint, region, profile, ...rest } = s3
  const store = {
    ...rest,
    ...(endpoint !== undefined && { endpoint: rendered(endpoint) }),
    ...(region !== undefined && { region: rendered(region) }),
    ...(profile !== undefined && { profile: rendered(profile) }),
  }
  const refuse = (message: string, hint: string) => loadProblem(node, message, hint)
  return sourceAt(rendered(from), { projectRoot, s3: store, refuse })
}

/** The source of an address: the standard input, a web server, a store of S3's kind, or this machine. */
export function sourceAt(
  from: string,
  { projectRoot, s3, refuse }: { readonly projectRoot: string; readonly s3: S3Spec; readonly refuse: Refuse },
): FileSource {
  if (from === '-') return standardInput()
  if (isHttpAddress(from)) return httpFiles(from, refuse)
  if (isS3Address(from)) return s3Files(from, s3, refuse)
  return localFiles(from, projectRoot, refuse)
}

/** A problem of a load, which points to its declaration. */
export function loadProblem(node: LoadNode, message: string, hint?: string): ProblemError {
  return new ProblemError(makeProblem('load-failed', message, { place: node.place, ...(hint && { hint }) }))
}
