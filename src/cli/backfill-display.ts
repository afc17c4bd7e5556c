import type { Node, NodeId } from '../core/node.ts'
import type { RunResult } from '../core/run-result.ts'
import type { BackfillEvent, BackfillResult } from '../run/backfill/backfill.ts'
import type { BackfillPlan } from '../run/backfill/plan-backfill.ts'
import { bar } from './display/live-lines.ts'
import type { Narrator } from './display/narrator.ts'
import { formatCount, formatCounted, formatDuration, formatElapsed } from './display/numbers.ts'
import { tableLines } from './display/table.ts'
import { manyTimesText, timesText } from './display/times.ts'
import type { Colors } from './output.ts'

/*
 * Shows a backfill: what it is going to build, how far it is, and a line for each chunk that is done.
 */

type Names = Readonly<Record<NodeId, Pick<Node, 'name'>>>

/** What a backfill would build, for people. */
export function backfillPlanLines(plan: BackfillPlan, nodes: Names, colors: Colors): string[] {
  const rows = plan.models.map(({ nodeId, asked, due, done, chunks }) => [
    nodes[nodeId]!.name,
    asked ? timesText(asked) : 'none of its times',
    formatCount(batchesOf(chunks)),
    formatCount(chunks.length),
    due.length > 0 ? manyTimesText(due) : 'nothing',
    manyTimesText(done),
  ])
  const table = tableLines({
    head: ['model', 'asked for', 'batches', 'publications', 'to build', 'built already'],
    rows,
    align: ['left', 'left', 'right', 'right', 'left', 'left'],
  })
  const others = plan.others.length > 0 ? [othersLine(plan, nodes)] : []
  return [colors.dim(table[0]!), ...table.slice(1), '', totalLine(plan), ...others]
}

/** `59 batches of 2 models, in 3 publications.` */
function totalLine({ models }: BackfillPlan): string {
  const chunks = models.flatMap((model) => model.chunks)
  if (chunks.length === 0) return 'Nothing to do: all of it is built. --force builds it again.'
  const batches = formatCounted(batchesOf(chunks), 'batch', 'batches')
  const count = models.filter((model) => model.chunks.length > 0).length
  return `${batches} of ${formatCounted(count, 'model')}, in ${formatCounted(chunks.length, 'publication')}.`
}

function othersLine({ others }: BackfillPlan, nodes: Names): string {
  const names = others.map((id) => nodes[id]!.name)
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return `Not built by time, and left as they are: ${names.slice(0, 5).join(', ')}${more}.`
}

function batchesOf(chunks: readonly { readonly batches: number }[]): number {
  return chunks.reduce((sum, { batches }) => sum + batches, 0)
}

export type BackfillDisplay = (event: BackfillEvent) => void

export interface BackfillDisplayOptions {
  readonly nodes: Names
  readonly clock: () => Date
  readonly quiet: boolean
}

interface Progress {
  readonly startedAtMs: number
  readonly total: number
  readonly models: number
  /** Batches of chunks that are over, whatever became of them. */
  over: number
  /** Batches of the chunk that is at work. */
  ofChunk: number
  failed: number
  /** What is being done. */
  now: string
}

/** Shows a backfill as text: on a terminal with a bar below, elsewhere a line for each chunk. */
export function makeTextBackfillDisplay(
  narrator: Narrator,
  { nodes, clock, quiet }: BackfillDisplayOptions,
): BackfillDisplay {
  const { screen } = narrator
  const { colors, width } = screen.output
  const nowMs = (): number => clock().getTime()
  let progress: Progress = {
    startedAtMs: nowMs(),
    total: 0,
    models: 0,
    over: 0,
    ofChunk: 0,
    failed: 0,
    now: '',
  }
  const say = (line: string): void => {
    if (!quiet) screen.print(line)
  }
  return (event) => {
    switch (event.type) {
      case 'backfill_started': {
        const chunks = event.plan.models.flatMap((model) => model.chunks)
        progress = { ...progress, total: batchesOf(chunks), models: event.plan.models.length }
        if (!quiet && progress.total > 0)
          screen.setLive(() => progressLines(progress, nowMs(), { colors, width: width() }))
        break
      }
      case 'chunk_started':
        progress.ofChunk = 0
        progress.now = `${nodes[event.nodeId]!.name}  ${manyTimesText(event.chunk.intervals)}`
        break
      case 'chunk_event':
        if (event.event.type === 'batch_finished') {
          progress.ofChunk = event.event.done
          if (event.event.batch.status === 'error') progress.failed++
        }
        if (event.event.type === 'waiting_for_lock') say(`Waiting for another run: ${event.event.holder}`)
        break
      case 'chunk_finished':
        progress.over += event.chunk.batches
        progress.ofChunk = 0
        say(chunkLine(event.result, manyTimesText(event.chunk.intervals), nodes[event.nodeId]!.name, colors))
        for (const { problem } of event.result.results) if (problem) narrator.problem(problem)
        break
      case 'model_skipped':
        say(
          `${colors.yellow('SKIP ')}  ${nodes[event.nodeId]!.name}: ${nodes[event.because]!.name}, which it reads, is not complete`,
        )
        break
    }
  }
}

/** What stands behind the bar is longer here than behind that of a run. */
const countsWidth = 36

/** The bar, and what is at work. */
export function progressLines(
  { over, ofChunk, total, failed, now, startedAtMs }: Readonly<Progress>,
  nowMs: number,
  { colors, width }: { readonly colors: Colors; readonly width: number },
): string[] {
  const done = over + ofChunk
  const elapsedMs = nowMs - startedAtMs
  const left =
    done > 0 && done < total ? `  about ${formatElapsed((elapsedMs / done) * (total - done))} left` : ''
  const broken = failed > 0 ? colors.red(`  ${failed} failed`) : ''
  const counts = `${formatCount(done)} of ${formatCounted(total, 'batch', 'batches')}, ${formatCount(total - done)} to go`
  return [
    colors.dim(now.slice(0, width)),
    `${bar(done / total, { colors, width: width - countsWidth })}  ${counts}  ${formatElapsed(elapsedMs)}${left}${broken}`,
  ]
}

/** `OK     daily_sales  2026-01-01..2026-01-31  30 batches  412,331 rows  4.31s  published` */
function chunkLine(result: RunResult, times: string, name: string, colors: Colors): string {
  const batches = result.results.flatMap((node) => node.batches ?? [])
  const failed = batches.filter(({ status }) => status === 'error').length
  const rows = result.results.reduce((sum, node) => sum + (node.rows ?? 0), 0)
  const words = {
    success: colors.green('OK   '),
    failed: colors.red('ERROR'),
    cancelled: colors.yellow('STOP '),
  }
  const parts = [
    words[result.status],
    name,
    times,
    failed > 0
      ? `${failed} of ${formatCounted(batches.length, 'batch', 'batches')} failed`
      : formatCounted(batches.length, 'batch', 'batches'),
    ...(result.status === 'success' ? [formatCounted(rows, 'row')] : []),
    formatDuration(result.elapsedMs),
    publishedWords(result.published),
  ]
  return parts.join('  ')
}

function publishedWords(published: boolean | null): string {
  if (published === null) return 'perhaps published'
  return published ? 'published' : 'not published'
}

/** The last lines of a backfill. */
export function backfillSummaryLines(result: BackfillResult, nodes: Names, colors: Colors): string[] {
  const lines = result.models.map(({ nodeId, batches, rows, status }) => {
    const left = batches.total - batches.done
    const counts =
      batches.total === 0 ? 'nothing left to build' : formatCounted(batches.done, 'batch', 'batches')
    const open = left > 0 ? colors.yellow(`, ${formatCount(left)} left`) : ''
    const skipped = status === 'skipped' ? ' (skipped)' : ''
    const rowsText = rows > 0 ? colors.dim(`, ${formatCounted(rows, 'row')}`) : ''
    return `  ${nodes[nodeId]!.name}  ${counts}${rowsText}${open}${skipped}`
  })
  const verdict = {
    success: colors.green('Done'),
    failed: colors.red('Failed'),
    cancelled: colors.yellow('Cancelled'),
  }[result.status]
  const goesOn =
    result.status === 'success' ? '' : ' What is published stays; the same command goes on with what is left.'
  return ['', ...lines, `${verdict} in ${formatDuration(result.elapsedMs)}.${goesOn}`]
}
