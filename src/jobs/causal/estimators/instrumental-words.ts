import type { InstrumentalEffect } from '../../../stats/causal/instrumental.ts'

/** What stands beside an instrumental estimate: how strong the instruments are, and what holds however weak they are. */
export function instrumentalDiagnostics({
  firstStageF,
  wuHausmanF,
  wuHausmanPValue,
  andersonRubin,
  leastSquares,
}: InstrumentalEffect): Readonly<Record<string, unknown>> {
  return {
    convention: 'equal variances, n − k degrees of freedom; speaks of those whom the instrument moves',
    first_stage_f: firstStageF,
    weak_instrument: firstStageF < 10,
    wu_hausman_f: wuHausmanF,
    wu_hausman_p_value: wuHausmanPValue,
    anderson_rubin: andersonRubin,
    least_squares: leastSquares,
  }
}
