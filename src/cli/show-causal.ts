import { writeFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { didYouMean } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { CausalStanding, QuestionNode } from '../run/causal-standing.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { causalList, causalPage, truthOf } from './display/causal-lines.ts'
import { inSnakeCase, printJson, printLines } from './print-standing.ts'
import { openWorkspace, shownPath, withOpenWarehouse } from './workspace.ts'
import { type MemoFlags, writeMemoOf } from './write-memo.ts'

export interface CausalFlags {
  readonly output: 'text' | 'json'
}

export interface CausalGraphFlags {
  /** As the file is called, if not said. */
  readonly output?: 'svg' | 'dot' | 'json'
  readonly to?: string
}

/** Lists the project's causal questions with what came of them. */
export async function listCausal(context: CommandContext, { output }: CausalFlags): Promise<ExitCode> {
  const { standings } = await read(context)
  if (output === 'json') printJson(context, { questions: standings.map(inSnakeCase) })
  else printLines(context, causalList(standings, context.terminal.out.colors))
  return 0
}

/** Shows one question: the verdict, the estimates, what tried to refute them. */
export async function showCausal(
  context: CommandContext,
  { output }: CausalFlags,
  name: string,
): Promise<ExitCode> {
  const { nodes, standings } = await read(context, name)
  const [standing] = standings
  if (output === 'json') printJson(context, inSnakeCase(standing!))
  else printLines(context, causalPage(standing!, nodes[0]!.spec, context.terminal.out.colors))
  return 0
}

/** Prints the memo of one question, or writes it into a file; beside the truth where that is known. */
export async function writeCausalMemo(
  context: CommandContext,
  flags: MemoFlags,
  name: string,
): Promise<ExitCode> {
  const { workspace, nodes, standings } = await read(context, name)
  const [{ verdicts, estimates }] = standings as [CausalStanding]
  const lines = verdicts.flatMap((verdict) => {
    const truth = truthOf(verdict, estimates)
    if (truth === null) return []
    return [
      [
        verdict.outcome,
        ...[verdict.naive, verdict.estimate, truth].map((value) => amountText(value, verdict.estimand)),
      ],
    ]
  })
  const [{ table, heading, paragraph }, { toMarkdown }, { toHtml }] = await Promise.all([
    import('../jobs/document/document.ts'),
    import('../jobs/document/to-markdown.ts'),
    import('../jobs/document/to-html.ts'),
  ])
  const blocks =
    lines.length === 0
      ? []
      : [
          heading(2, 'Beside the truth'),
          paragraph('The data are invented, so the effect is known. The analysis never saw it.'),
          table(['outcome', 'naive', 'causal', 'truth'], lines, [1, 2, 3]),
        ]
  return writeMemoOf(context, workspace, nodes[0]!, flags, async (memo, format) => {
    if (blocks.length === 0) return memo
    const document = { title: '', blocks }
    if (format === 'markdown') return `${memo}\n${toMarkdown(document).replace(/^# \n\n/, '')}`
    const page = await toHtml(document)
    return memo.replace('</html>', `${page.slice(page.indexOf('</h1>') + '</h1>'.length).trim()}`)
  })
}

/** In the outcome's unit, or as a share; nothing where there is none. */
function amountText(value: number | null, estimand: string): string {
  if (value === null) return ''
  return estimand === 'att_relative'
    ? `${Number((value * 100).toPrecision(4))} %`
    : String(Number(value.toPrecision(4)))
}

/** Draws the graph of one question; takes no warehouse. */
export async function drawCausalGraph(
  context: CommandContext,
  flags: CausalGraphFlags,
  name: string,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { causalQuestionsIn, questionsIn } = await import('../run/causal-standing.ts')
  const { causalGraphText } = await import('../jobs/causal/graph-text.ts')
  const other = questionsIn(workspace.manifest).find(
    (each) => each.name === name && each.spec.kind !== 'causal',
  )
  if (other)
    throw new ProblemError(
      makeProblem('usage', `'${name}' has no graph: it is of kind: ${other.spec.kind}`, {
        hint: `estimand causal show ${name} tells what it rests on`,
      }),
    )
  const node = causalNamed(causalQuestionsIn(workspace.manifest), name)
  const text = causalGraphText(node.spec, flags.output ?? formatOf(flags.to))
  if (flags.to === undefined) {
    context.terminal.out.write(`${text}\n`)
    return 0
  }
  const path = resolve(context.workingDirectory, flags.to)
  try {
    writeFileSync(path, `${text}\n`)
  } catch (error) {
    throw new ProblemError(
      makeProblem('usage', `${path} cannot be written: ${(error as Error).message}`, {
        hint: 'name a file in a folder that is there: --to graph.svg',
      }),
    )
  }
  context.narrator.note(`The graph is in ${shownPath(context, path)}`)
  return 0
}

const formats: Readonly<Record<string, 'svg' | 'dot' | 'json'>> = {
  '.svg': 'svg',
  '.dot': 'dot',
  '.gv': 'dot',
  '.json': 'json',
}

/** What a file is to hold, by how its name ends. */
function formatOf(to: string | undefined): 'svg' | 'dot' | 'json' {
  if (to === undefined) return 'svg'
  const format = formats[extname(to).toLowerCase()]
  if (format) return format
  throw new ProblemError(
    makeProblem('usage', `${to} does not say by its ending what it is to hold`, {
      hint: `call it graph.svg, graph.dot or graph.json, or say --output svg`,
    }),
  )
}

async function read(context: CommandContext, name?: string) {
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { causalStandings, questionsIn } = await import('../run/causal-standing.ts')
  const all = questionsIn(workspace.manifest)
  const nodes = name === undefined ? all : [causalNamed(all, name)]
  const standings =
    nodes.length === 0
      ? []
      : await withOpenWarehouse(context, workspace, 1, (warehouse) =>
          causalStandings(warehouse, workspace.manifest, nodes),
        )
  return { workspace, nodes, standings }
}

/** The question that somebody named, by its name or its id. */
export function causalNamed<Node extends QuestionNode>(nodes: readonly Node[], name: string): Node {
  const node = nodes.find((each) => each.name === name || each.id === name)
  if (node) return node
  const names = nodes.map((each) => each.name)
  throw new ProblemError(
    makeProblem('selection-empty', `there is no causal question '${name}'`, {
      hint: didYouMean(name, names) ?? 'estimand causal list names them',
    }),
  )
}
