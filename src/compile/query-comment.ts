import { dbtVersion } from '../core/dbt-version.ts'
import type { Manifest } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { QueryCommentSpec } from '../core/project.ts'
import { modelData } from './context/node-value.ts'
import { Dict, dumpJson, fromJs, str, type TemplateBlock } from './dialect/index.ts'
import type { QueryComment, RenderScope } from './renderer.ts'
import { withTemplateProblems } from './template-problem.ts'
import type { Templates } from './templates.ts'

/*
 * The comment that statements carry, so that pg_stat_activity and the server's log tell which node is at work:
 * `query-comment` of the project's file, in its absence dbt's words with our name.
 */

/** Says what a statement of a node, or of a connection without one, is to tell of itself. */
export type CommentOn = (nodeId: NodeId | null, connection: string, scope: RenderScope) => QueryComment | null

/** Makes the comments of a project's statements. */
export function makeQueryComments(templates: Templates, manifest: Manifest): CommentOn {
  const { projectName, options } = templates
  const config = templates.packages.find(({ name }) => name === projectName)?.config
  const spec: QueryCommentSpec | null =
    config?.queryComment === undefined ? { append: false } : config.queryComment
  if (spec === null) return () => null
  const { comment, append } = spec
  const block = once(() => commentMacro(templates, comment ?? ''))
  const words = ownWords(templates)
  return (nodeId, connection, scope) => {
    if (comment === undefined) return { text: words(nodeId, connection), append }
    const node = nodeId === null ? null : fromJs(modelData(manifest.nodes[nodeId]!, manifest, options.target))
    const text = withTemplateProblems(
      () => comment,
      () => str(templates.dialect.callMacro(block(), [connection, node], {}, templates.commentNames(scope))),
    ).trim()
    if (text.includes('*/')) throw new ProblemError(endsEarly(text))
    return text === '' ? null : { text, append }
  }
}

/** What dbt says where nobody says otherwise. All but the last is the same for thousands of nodes. */
function ownWords({ options }: Templates): (nodeId: NodeId | null, connection: string) => string {
  const { target } = options
  const common = Dict.of([
    ['app', 'estimand'],
    ['dbt_version', dbtVersion],
    ['profile_name', target.profileName ?? target.name],
    ['target_name', target.name],
  ])
  const beginning = dumpJson(common).slice(0, -1)
  return (nodeId, connection) => {
    const last =
      nodeId === null ? `"connection_name": ${dumpJson(connection)}` : `"node_id": ${dumpJson(nodeId)}`
    // A name that a file or profile gave may hold anything.
    return `${beginning}, ${last}}`.replaceAll('*/', '* /')
  }
}

function commentMacro({ dialect }: Templates, comment: string): TemplateBlock {
  const macro = `{%- macro query_comment_macro(connection_name, node) -%}\n${comment}\n{% endmacro %}`
  return withTemplateProblems(
    () => comment,
    () => dialect.parse(macro, 'query-comment').blocks[0]!,
  )
}

function endsEarly(text: string) {
  return makeProblem(
    'config-invalid',
    `query-comment comes to a text with "*/", which would end it: ${text}`,
    {
      hint: 'what is written there goes into a comment as it is; leave the signs of a comment out',
    },
  )
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
