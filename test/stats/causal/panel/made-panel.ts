import { type Panel, panelOf } from '../../../../src/stats/causal/panel/panel.ts'
import { known } from '../job-training.ts'

export interface MadeRows {
  readonly unit: number[]
  readonly period: number[]
  readonly outcome: number[]
  readonly firstTreated: number[]
  readonly covariates: number[][]
  readonly treatment: number[]
}

/** A panel made of sines, so that other software can make the same: 120 units, 6 periods, groups never, 3, 4 and 6. */
export function madeRows(): MadeRows {
  const [unit, period, outcome, firstTreated, x, treatment]: number[][] = [[], [], [], [], [], []]
  for (let i = 0; i < 120; i++) {
    const group = [0, 3, 4, 6][i % 4]!
    const covariate = Math.sin(1.7 * i)
    for (let t = 1; t <= 6; t++) {
      const effect = group > 0 && t >= group ? 1 + 0.5 * (t - group) : 0
      const noise = 0.7 * Math.sin(12.9898 * i + 78.233 * t + 0.1 * i * t)
      unit!.push(i + 1)
      period!.push(t)
      firstTreated!.push(group)
      x!.push(covariate)
      treatment!.push(effect > 0 ? 1 : 0)
      outcome!.push(1 + 0.3 * t + covariate * (0.5 + 0.2 * t) + 0.8 * Math.sin(0.37 * i) + effect + noise)
    }
  }
  return {
    ...{ unit: unit!, period: period!, outcome: outcome!, firstTreated: firstTreated! },
    ...{ covariates: [x!], treatment: treatment! },
  }
}

export function madePanel(withCovariate: boolean): Panel {
  const { covariates, ...rows } = madeRows()
  return known(panelOf({ ...rows, covariates: withCovariate ? covariates : [] }))
}
