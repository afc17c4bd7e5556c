import type { MetricPower } from '../../jobs/power/plan-power.ts'
import type { PowerRequest, SetPower } from '../../run/experiment-power.ts'
import type { Colors } from '../output.ts'
import { formatCount, formatCounted, formatSigned, formatSignedPercent } from './numbers.ts'
import { tableLines } from './table.ts'

/** What experiments can find, metric by metric and week by week. */
export function powerLines(plans: readonly SetPower[], request: PowerRequest, colors: Colors): string[] {
  return plans.flatMap((plan) => [
    '',
    `${colors.bold(plan.set)}: units seen in ${formatCounted(plan.days, 'day')} up to ${plan.asOf}; power ${request.power}, two-sided error ${request.alpha}`,
    ...plan.metrics.flatMap((metric) => metricLines(metric, request, colors)),
  ])
}

function metricLines(metric: MetricPower, request: PowerRequest, { bold, dim }: Colors): string[] {
  if (metric.refusal !== null) return ['', `${bold(metric.metric)}: ${metric.refusal}`]
  const hasCovariates = metric.explained > 0
  const hasEffect = metric.effect !== null
  const head = [
    ...['days', 'units', 'smallest effect found'],
    ...(hasCovariates ? ['with what was before'] : []),
    ...(hasEffect ? [`power for ${formatSignedPercent(metric.effect!, 1)}`] : []),
  ]
  const shown = metric.points.filter(({ days }) => days % 7 === 0 || days === metric.points.length)
  const percent = (share: number | null): string =>
    share === null ? 'none' : formatSignedPercent(share).replace('+', '± ')
  const facts = `mean ${formatSigned(metric.mean).replace('+', '')}, standard deviation ${formatSigned(metric.standardDeviation).replace('+', '')}`
  const explained = hasCovariates
    ? `, ${Math.round(metric.explained * 100)} % of the variance known from before`
    : ''
  return [
    '',
    `${bold(metric.metric)}: ${facts}${explained}`,
    ...tableLines({
      head: head.map((title) => bold(title)),
      align: head.map(() => 'right'),
      rows: shown.map((point) => [
        ...[formatCount(point.days), formatCount(point.units * request.share), percent(point.smallestEffect)],
        ...(hasCovariates ? [percent(point.smallestAdjusted)] : []),
        ...(hasEffect ? [point.power === null ? '' : `${Math.round(point.power * 100)} %`] : []),
      ]),
    }),
    ...(hasEffect ? [dim(neededWords(metric))] : []),
  ]
}

function neededWords({ effect, unitsNeeded, daysNeeded, isExtrapolated }: MetricPower): string {
  if (unitsNeeded === null) return 'no number of units is enough for this effect'
  const units = `${formatSignedPercent(effect!, 1)} needs ${formatCount(unitsNeeded)} units`
  if (daysNeeded === null) return `${units}, and new ones have stopped coming`
  return `${units}: ${formatCounted(daysNeeded, 'day')}${isExtrapolated ? ' at the pace of the last week' : ''}`
}
