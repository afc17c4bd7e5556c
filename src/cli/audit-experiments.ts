import { writeFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { didYouMean } from '../core/did-you-mean.ts'
import { type ExperimentMethod, experimentMethods } from '../core/experiment-spec.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { AuditRequest, ExperimentAudit } from '../run/audit-experiment.ts'
import type { QuestionNode } from '../run/causal-standing.ts'
import type { ExperimentNode } from '../run/experiment-standing.ts'
import type { JobOfKind } from '../run/job-standing.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { auditLines } from './display/audit-lines.ts'
import { causalAuditLines } from './display/causal-audit-lines.ts'
import { causalNamed } from './show-causal.ts'
import { experimentNamed } from './show-experiments.ts'
import { openWorkspace, shownPath, withOpenWarehouse } from './workspace.ts'

export interface AuditFlags {
  readonly replications: number
  readonly seed: number
  readonly lift: readonly number[]
  readonly method?: readonly string[]
  readonly units: number
  /** Made-up experiments instead of the project's own. */
  readonly simulated?: boolean
  readonly threads: number
  /** Where the technical report is written. */
  readonly to?: string
  readonly output: 'text' | 'json'
}

/** Audits the methods of experiments on data of their own shape, and tells how they did. */
export async function auditExperiments(
  context: CommandContext,
  flags: AuditFlags,
  names: readonly string[],
): Promise<ExitCode> {
  if (flags.simulated) return auditSimulated(context, flags, names)
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const [{ experimentsIn }, { auditExperiment }, { compareWithTruth }] = await Promise.all([
    import('../run/experiment-standing.ts'),
    import('../run/audit-experiment.ts'),
    import('../run/compare-with-truth.ts'),
  ])
  const [{ questionsIn }, { auditCausalQuestion }, { auditDidQuestion }] = await Promise.all([
    import('../run/causal-standing.ts'),
    import('../run/audit-causal-question.ts'),
    import('../run/audit-did-question.ts'),
  ])
  const known = experimentsIn(workspace.manifest)
  const allQuestions = questionsIn(workspace.manifest)
  const isQuestion = (name: string): boolean =>
    allQuestions.some((node) => node.name === name || node.id === name)
  const questions =
    names.length === 0
      ? allQuestions
      : names.filter(isQuestion).map((name) => causalNamed(allQuestions, name))
  const nodes =
    names.length === 0
      ? known
      : names.filter((name) => !isQuestion(name)).map((name) => experimentNamed(known, name))
  if (nodes.length + questions.length === 0)
    throw new ProblemError(
      makeProblem('selection-empty', 'the project has no experiment and no causal question to audit'),
    )
  const methods = flags.method && [...new Set(flags.method.map(methodNamed))]
  const audited = methods ? await auditedByAny(context, nodes, methods) : nodes
  const { replications, seed, lift: lifts, units } = flags
  const request: AuditRequest = { replications, seed, lifts, units, ...(methods && { methods }) }
  const { audits, causal, truths } = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    const audits: ExperimentAudit[] = []
    for (const node of audited) {
      context.narrator.phase(`Auditing ${node.name}`, { passing: true })
      const progress = (done: number, of: number): void =>
        context.narrator.progress(`Auditing ${node.name}: ${done} of ${of} replications`)
      audits.push(
        await auditExperiment(warehouse, workspace.manifest, node, request, {
          threads: flags.threads,
          progress,
        }),
      )
    }
    const causal: Awaited<ReturnType<typeof auditCausalQuestion>>[] = []
    for (const node of questions) {
      const lack = whyNotAudited(node)
      if (lack !== null) {
        causal.push({ question: node.name, refused: lack })
        continue
      }
      context.narrator.phase(`Auditing ${node.name}`, { passing: true })
      const progress = (done: number, of: number): void =>
        context.narrator.progress(`Auditing ${node.name}: ${done} of ${of} replications`)
      const own = { replications, seed, units }
      causal.push(
        node.spec.kind === 'did'
          ? await auditDidQuestion(warehouse, workspace.manifest, node as JobOfKind<'did'>, own, progress)
          : await auditCausalQuestion(warehouse, workspace.manifest, node as JobOfKind<'causal'>, own, {
              threads: flags.threads,
              progress,
            }),
      )
    }
    return { audits, causal, truths: await compareWithTruth(warehouse, workspace.manifest) }
  })
  context.narrator.done()
  if (flags.to !== undefined) {
    const { auditReport } = await import('../jobs/audit/audit-report.ts')
    const { causalAuditPart } = await import('../jobs/causal/audit/causal-audit-report.ts')
    const { paragraph } = await import('../jobs/document/document.ts')
    const report = auditReport(audits, truths)
    const parts = causal.flatMap((audit) =>
      'refused' in audit ? [paragraph(notAudited(audit))] : causalAuditPart(audit),
    )
    await writeReport(context, flags.to, { ...report, blocks: [...report.blocks, ...parts] })
  }
  const { out } = context.terminal
  if (flags.output === 'json') out.write(`${JSON.stringify({ audits, causal, truths }, null, 2)}\n`)
  else {
    for (const line of auditLines(audits, out.colors)) out.write(`${line}\n`)
    for (const audit of causal)
      for (const line of 'refused' in audit ? ['', notAudited(audit)] : causalAuditLines(audit, out.colors))
        out.write(`${line}\n`)
  }
  return 0
}

/**
 * The experiments that some of the methods can be audited on; what cannot is told, and refused where it can be on none:
 * an empty table would say nothing.
 */
async function auditedByAny(
  context: CommandContext,
  nodes: readonly ExperimentNode[],
  methods: readonly ExperimentMethod[],
): Promise<readonly ExperimentNode[]> {
  if (nodes.length === 0) return nodes
  const { unauditedMethods } = await import('../jobs/audit/audited-spec.ts')
  const found = nodes.map((node) => ({ node, unaudited: unauditedMethods(node.spec, methods) }))
  const told = found.flatMap(({ node: { name }, unaudited }) =>
    unaudited.map(({ method, reason }) => ({
      method,
      text: `'${method}' is not audited on ${name}: ${reason}`,
    })),
  )
  const nowhere = methods.filter(
    (method) => told.filter((one) => one.method === method).length === nodes.length,
  )
  if (nowhere.length > 0)
    throw new ProblemError(
      told.filter(({ method }) => nowhere.includes(method)).map(({ text }) => makeProblem('usage', text)),
    )
  for (const { text } of told) context.narrator.note(text)
  return found.flatMap(({ node, unaudited }) => (unaudited.length < methods.length ? [node] : []))
}

/** What has no audit, and where else to look; null of what has one. */
function whyNotAudited({ name, spec: { kind } }: QuestionNode): string | null {
  if (kind === 'causal' || kind === 'did') return null
  return `there is no audit for kind: ${kind}; what tried to refute it is in estimand causal show ${name}`
}

function notAudited({ question, refused }: { readonly question: string; readonly refused: string }): string {
  return `${question} is not audited: ${refused}`
}

/** Audits made-up experiments: neither project nor database is looked at. */
async function auditSimulated(
  context: CommandContext,
  flags: AuditFlags,
  names: readonly string[],
): Promise<ExitCode> {
  const [{ designs }, { auditDesigns }, { auditReport }] = await Promise.all([
    import('../jobs/audit/designs/designs.ts'),
    import('../jobs/audit/designs/audit-designs.ts'),
    import('../jobs/audit/audit-report.ts'),
  ])
  const known = designs.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new ProblemError(
      makeProblem('usage', `there is no design '${unknown}'`, {
        hint: didYouMean(unknown, known) ?? `designs: ${known.join(', ')}`,
      }),
    )
  if (flags.method)
    throw new ProblemError(
      makeProblem('usage', '--method is for the project’s own experiments: a design has its own methods', {
        hint: `name designs instead: ${known.join(', ')}`,
      }),
    )
  const { replications, seed, threads } = flags
  const request = { replications, seed, ...(names.length > 0 && { names }) }
  const audits = await auditDesigns(request, (name) => {
    context.narrator.phase(`Auditing ${name}`, { passing: true })
    return {
      threads,
      progress: (done, of) => context.narrator.progress(`Auditing ${name}: ${done} of ${of} replications`),
    }
  })
  context.narrator.done()
  if (flags.to !== undefined) await writeReport(context, flags.to, auditReport(audits, []))
  const { out } = context.terminal
  if (flags.output === 'json') out.write(`${JSON.stringify({ audits }, null, 2)}\n`)
  else for (const line of auditLines(audits, out.colors)) out.write(`${line}\n`)
  return 0
}

function methodNamed(name: string): ExperimentMethod {
  const found = experimentMethods.find((method) => method === name)
  if (found) return found
  throw new ProblemError(
    makeProblem('usage', `there is no method '${name}'`, {
      hint: didYouMean(name, experimentMethods) ?? `methods: ${experimentMethods.join(', ')}`,
    }),
  )
}

async function writeReport(
  context: CommandContext,
  to: string,
  document: ReturnType<typeof import('../jobs/audit/audit-report.ts').auditReport>,
): Promise<void> {
  const path = resolve(context.workingDirectory, to)
  const text = /^\.html?$/i.test(extname(path))
    ? await (await import('../jobs/document/to-html.ts')).toHtml(document)
    : (await import('../jobs/document/to-markdown.ts')).toMarkdown(document)
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new ProblemError(
      makeProblem('usage', `${path} cannot be written: ${(error as Error).message}`, {
        hint: 'name a file in a folder that is there: --to report.html',
      }),
    )
  }
  context.narrator.note(`The report is in ${shownPath(context, path)}`)
}
