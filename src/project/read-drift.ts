import type { DriftColumn, DriftReference, DriftSpec, DriftThresholds } from '../core/drift-spec.ts'
import { isInstant } from '../core/instant.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { Problem } from '../core/problem.ts'
import type { DriftYaml } from './drift-schema.ts'
import { checkInstant, type JobRef, type Refuse, readRef, refuseIn, refuseTwice } from './job-parts.ts'
import type { YamlDocument, YamlPath } from './yaml-document.ts'

/** A drift job, and what it reads. */
export interface ReadDrift {
  readonly spec: DriftSpec
  readonly refs: readonly JobRef[]
  readonly columns: readonly JobColumnRead[]
}

/**
 * How far a column may move where nobody says: the index by which scores are watched in banks (Siddiqi 2006), a small and
 * a middling shift of a mean (Cohen 1988), and a twentieth and a fifth of the values missing.
 */
const usualThresholds: DriftThresholds = {
  psi: { warn: 0.1, fail: 0.25 },
  mean_shift: { warn: 0.2, fail: 0.5 },
  missing_shift: { warn: 0.05, fail: 0.2 },
}

const usualReferenceDays = 56

/** The drift job that the YAML declares. */
export function readDrift(document: YamlDocument, yaml: DriftYaml, problems: Problem[]): ReadDrift {
  const refuse = refuseIn(document, problems)
  const { ref, refs } = readRef(document, ['rows', 'model'], yaml.rows.model, refuse)
  checkInstant(['as_of'], yaml.as_of, refuse)
  refuseTwice(
    yaml.watch.map(({ column }) => column),
    (index) => ['watch', index],
    'column',
    refuse,
  )
  refuseTwice(yaml.segments, (index) => ['segments', index], 'segment', refuse)
  refuseTwice(yaml.windows.map(String), (index) => ['windows', index], 'window of days', refuse)
  checkThresholds(yaml, refuse)
  const spec: DriftSpec = {
    kind: 'drift',
    question: yaml.question,
    data: {
      ref,
      day: yaml.rows.day,
      where: (yaml.rows.where ?? []).map(({ column, values }) => ({ column, ...(values && { values }) })),
    },
    columns: yaml.watch.map((watched) => columnOf(watched, yaml)),
    segments: yaml.segments,
    reference: referenceOf(yaml, refuse),
    windows: [...yaml.windows].sort((a, b) => a - b),
    leastRows: yaml.min_rows,
    multiplicity: yaml.multiplicity,
    alpha: yaml.alpha,
    onFail: yaml.on_fail,
    ...(yaml.truth !== undefined && { truth: yaml.truth }),
    asOf: yaml.as_of,
  }
  return { spec, refs, columns: columnsRead(document, yaml, ref) }
}

function columnOf(watched: DriftYaml['watch'][number], yaml: DriftYaml): DriftColumn {
  const thresholds = { ...usualThresholds, ...given(yaml.thresholds), ...given(watched.thresholds) }
  return {
    column: watched.column,
    ...(watched.kind && { kind: watched.kind }),
    bins: watched.bins ?? yaml.bins,
    top: watched.top ?? yaml.top,
    thresholds,
  }
}

/** The thresholds that somebody wrote; one without numbers takes the usual one away. */
function given(thresholds: DriftYaml['thresholds']): DriftThresholds {
  return Object.fromEntries(
    Object.entries(thresholds).flatMap(([name, bounds]) =>
      bounds === undefined
        ? []
        : [
            [
              name,
              {
                ...(bounds.warn !== undefined && { warn: bounds.warn }),
                ...(bounds.fail !== undefined && { fail: bounds.fail }),
              },
            ],
          ],
    ),
  )
}

function checkThresholds({ thresholds, watch }: DriftYaml, refuse: Refuse): void {
  const places: (readonly [YamlPath, DriftYaml['thresholds']])[] = [
    [['thresholds'], thresholds],
    ...watch.map((watched, index) => [['watch', index, 'thresholds'], watched.thresholds] as const),
  ]
  for (const [path, all] of places)
    for (const [name, bounds] of Object.entries(all))
      if (bounds?.warn !== undefined && bounds.fail !== undefined && bounds.warn > bounds.fail)
        refuse([...path, name], `'${name}' fails below where it warns`, 'write a fail that is at least warn')
}

function referenceOf({ reference, windows }: DriftYaml, refuse: Refuse): DriftReference {
  const { start, end, days } = reference
  if (start === undefined && end === undefined) {
    const trailing = days ?? usualReferenceDays
    const longest = Math.max(...windows)
    // As many windows as the tests need, each as long as the longest and beginning on its weekday.
    const needed = 4 * 7 * Math.ceil(longest / 7)
    if (trailing < needed)
      refuse(
        days === undefined ? ['windows'] : ['reference', 'days'],
        `${trailing} days hold fewer than four windows of ${longest} ${longest === 1 ? 'day' : 'days'} on the same weekdays`,
        `write reference: { days: ${needed} } or more`,
      )
    return { kind: 'trailing', days: trailing }
  }
  if (days !== undefined)
    refuse(['reference', 'days'], "'reference' has dates and a number of days", 'keep one of them')
  if (start === undefined || end === undefined) {
    const missing = start === undefined ? 'start' : 'end'
    refuse(
      ['reference'],
      `'reference' has no ${missing}`,
      'write reference: { start: 2026-03-01, end: 2026-05-01 }, or days: 56',
    )
    return { kind: 'trailing', days: usualReferenceDays }
  }
  checkInstant(['reference', 'start'], start, refuse)
  checkInstant(['reference', 'end'], end, refuse)
  if (isInstant(start) && isInstant(end) && start >= end)
    refuse(
      ['reference', 'end'],
      'the reference ends before it begins',
      "'end' is the first day that is not in it",
    )
  return { kind: 'fixed', start, end }
}

function columnsRead(document: YamlDocument, yaml: DriftYaml, ref: string): JobColumnRead[] {
  if (ref === '') return []
  const read = (path: YamlPath, column: string): JobColumnRead => ({
    ref,
    column,
    place: document.placeOf(path),
  })
  return [
    read(['rows', 'day'], yaml.rows.day),
    ...(yaml.rows.where ?? []).map(({ column }) => read(['rows', 'where'], column)),
    ...yaml.watch.map(({ column }, index) => read(['watch', index], column)),
    ...yaml.segments.map((column, index) => read(['segments', index], column)),
  ]
}
