import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Renderer } from '../compile/renderer.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { StreamSpec } from '../core/load-spec.ts'
import type { LoadNode } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { RunnableStream } from '../stream/run-stream.ts'
import type { CommandContext } from './command-context.ts'
import type { SelectionFlags } from './flags.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import type { Workspace } from './workspace.ts'

/** A load of kind stream. */
export type StreamNode = LoadNode & { readonly spec: StreamSpec }

/** The streams that the flags select. */
export async function chosenStreams(
  context: CommandContext,
  workspace: Workspace,
  flags: SelectionFlags,
): Promise<StreamNode[]> {
  const selection = await selectNodes(context, workspace, flags, ['load'])
  reportSelection(selection, context)
  const streams = selection.nodeIds.map((id) => workspace.manifest.nodes[id]!).filter(isStream)
  if (streams.length === 0) context.narrator.note('Nothing to do: no load of kind stream is selected.')
  return streams
}

/** The stream of a name. Throws a problem when there is none. */
export function streamNamed(name: string, { manifest }: Workspace): StreamNode {
  const streams = Object.values(manifest.nodes).filter(isStream)
  const found = streams.find((node) => node.name === name)
  if (found) return found
  throw new ProblemError(
    makeProblem('selection-empty', `no load of kind stream is called '${name}'`, {
      hint: didYouMean(
        name,
        streams.map((node) => node.name),
      ),
    }),
  )
}

function isStream(node: { readonly resourceType: string }): node is StreamNode {
  return node.resourceType === 'load' && (node as LoadNode).spec.kind === 'stream'
}

/** A stream with its templates rendered: what the environment says stands nowhere else. */
export function runnableStream(
  { name, spec }: StreamNode,
  renderer: Pick<Renderer, 'renderValue'>,
  root: string,
): RunnableStream {
  const text = (template: string): string => String(renderer.renderValue(template))
  const { sasl, tls, tlsCa } = spec.security
  const { registry } = spec.schemas
  return {
    name,
    spec: { ...spec, topics: spec.topics.map(text), group: text(spec.group) },
    connection: {
      brokers: spec.brokers.flatMap((brokers) => text(brokers).split(',')).map((broker) => broker.trim()),
      clientId: 'estimand',
      security: {
        tls,
        sasl: sasl && { ...sasl, username: text(sasl.username), password: text(sasl.password) },
        ca: tlsCa === null ? null : readFileSync(join(root, tlsCa), 'utf8'),
      },
    },
    registry: registry && {
      url: text(registry.url),
      username: registry.username === null ? null : text(registry.username),
      password: registry.password === null ? null : text(registry.password),
    },
  }
}
