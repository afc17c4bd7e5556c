import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { augmentedWeighting } from '../src/stats/causal/doubly-robust.ts'
import type { CausalEffect } from '../src/stats/causal/effect.ts'
import { matchNearest } from '../src/stats/causal/matching.ts'
import { eValue } from '../src/stats/causal/refuters/e-value.ts'
import { linearSensitivity } from '../src/stats/causal/refuters/linear-sensitivity.ts'
import { negativeControl } from '../src/stats/causal/refuters/negative-control.ts'
import { warmReestimator } from '../src/stats/causal/refuters/reestimate.ts'
import { simulateUnobserved } from '../src/stats/causal/refuters/unobserved-confounder.ts'
import type { TreatedUnits } from '../src/stats/causal/units.ts'
import { jointMomentsOf } from '../src/stats/experiment/joint-moments.ts'
import { isRefused, type Refusal } from '../src/stats/refusal.ts'
import { type BinaryFit, fitBinary } from '../src/stats/regression/binary-regression.ts'
import { makeCausalWorld, type SharedWorld } from './causal-world.ts'
import { holdToLimit, printFigure } from './limits.ts'

/*
 * Causal estimates from units in memory, each held to its limit. The peer is a Python with statsmodels, and DoWhy where
 * it has it, on the same units.
 */

const refuters = [
  'placebo_treatment',
  'random_common_cause',
  'data_subset',
  'bootstrap',
  'dummy_outcome',
] as const

function known<T extends object>(result: T | Refusal): T {
  if (isRefused(result)) throw new Error(result.refused)
  return result
}

function timed<T>(run: () => T): { readonly seconds: number; readonly result: T } {
  const start = performance.now()
  const result = run()
  return { seconds: (performance.now() - start) / 1000, result }
}

/** `--units N` (1,000,000), `--covariates N` (20), `--simulations N` (100), `--threads N` (2), `--peer PYTHON`. */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      units: { type: 'string', default: '1000000' },
      covariates: { type: 'string', default: '20' },
      simulations: { type: 'string', default: '100' },
      threads: { type: 'string', default: '2' },
      peer: { type: 'string' },
    },
  })
  const [units, covariates] = [Number(values.units), Number(values.covariates)]
  const [simulations, threads] = [Number(values.simulations), Number(values.threads)]
  const world = makeCausalWorld({ units, covariates, seed: 1 })
  printFigure('units × covariates', `${units} × ${covariates}, effect ${world.effect}`)
  const fit = timed(() => known(fitBinary(world.units.propensityDesign, world.units.treatment)))
  const estimate = timed(() => known(augmentedWeighting(world.units, fit.result)))
  const { estimate: effect, ciLower, ciUpper } = estimate.result
  printFigure('AIPW', `${effect.toFixed(4)} (${ciLower.toFixed(4)} to ${ciUpper.toFixed(4)})`)
  const total = fit.seconds + estimate.seconds
  const shown = `${total.toFixed(2)} s (${fit.seconds.toFixed(2)} + ${estimate.seconds.toFixed(2)})`
  holdToLimit({ label: 'propensity fit + AIPW, s', value: total, limit: 15, shown })
  const logit = fit.result.probabilities.map((e) => Math.log(e / (1 - e)))
  const matched = timed(() => matchNearest(logit, world.units.treatment, { caliper: 0.2 * spread(logit) }))
  holdToLimit({
    label: '1:1 matching with a caliper, s',
    value: matched.seconds,
    limit: 10,
    shown: `${matched.seconds.toFixed(2)} s, ${matched.result.size} pairs`,
  })
  // As the job does: threads draw, and what is no draw is worked out meanwhile.
  const start = performance.now()
  const drawn = refuteOnThreads(world.shared, simulations, threads)
  const informed = timed(() => inform(world.units, estimate.result, fit.result)).seconds
  await drawn
  const refuted = (performance.now() - start) / 1000
  holdToLimit({
    label: `all refuters, ${simulations} simulations each, s`,
    value: refuted,
    limit: 90,
    shown: `${refuted.toFixed(1)} s: ${refuters.length} on ${threads} threads, meanwhile the others in ${informed.toFixed(1)} s`,
  })
  if (values.peer !== undefined) runPeer(values.peer, units, covariates)
}

function spread(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** The refuters that are no draws from the data: a common cause of 25 strengths, both sensitivities, a negative control. */
function inform(units: TreatedUnits, effect: CausalEffect, propensity: BinaryFit): void {
  const reestimate = known(warmReestimator(units, { method: 'aipw' }))
  known(simulateUnobserved(units, effect.estimate, reestimate))
  const covariates = units.outcomeDesign.columns.slice(1)
  const moments = jointMomentsOf(units.outcome, units.treatment, ...covariates)
  const controls = covariates.map((_, index) => index + 2)
  known(linearSensitivity(moments, { outcome: 0, treatment: 1, controls }))
  const whole = known(linearSensitivity(moments, { outcome: 0, treatment: 1, controls }, { benchmarks: [] }))
  const deviation = Math.sqrt(moments.covariances[0]![0]!)
  known(
    eValue({
      scale: 'standardized_difference',
      estimate: whole.estimate / deviation,
      stdError: whole.stdError / deviation,
    }),
  )
  for (const left of controls) {
    const others = controls.filter((control) => control !== left)
    known(linearSensitivity(moments, { outcome: 0, treatment: 1, controls: others }, { benchmarks: [] }))
  }
  // A covariate would be explained by itself, so its square stands for what treatment cannot move.
  const before = covariates[0]!.map((value) => value * value)
  negativeControl('outcome', known(augmentedWeighting({ ...units, outcome: before }, propensity)))
}

/** Simulation i of every refuter goes to thread i modulo their number. */
async function refuteOnThreads(shared: SharedWorld, simulations: number, threads: number): Promise<void> {
  await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(new URL('./causal-refuter-thread.mjs', import.meta.url), {
        workerData: { shared, refuters, simulations, threads, thread },
      })
      return new Promise<void>((resolve, reject) => {
        worker.once('error', reject)
        worker.once('exit', (code) =>
          code === 0 ? resolve() : reject(new Error(`thread ended with ${code}`)),
        )
      })
    }),
  )
}

const peerScript = `
import sys, time, numpy as np
n, k = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(1)
x = rng.standard_normal((n, k))
e = 1 / (1 + np.exp(0.4 - x[:, :5].sum(axis=1) * 0.25))
t = (rng.random(n) < e).astype(float)
y = 10 * t + x[:, :5].sum(axis=1) + rng.standard_normal(n)
import statsmodels.api as sm
X = sm.add_constant(x)
start = time.time()
p = sm.Logit(t, X).fit(disp=0).predict()
m = [sm.OLS(y[t == a], X[t == a]).fit().predict(X) for a in (0, 1)]
psi = m[1] - m[0] + t * (y - m[1]) / p - (1 - t) * (y - m[0]) / (1 - p)
print(f'statsmodels {sm.__version__ if hasattr(sm, "__version__") else ""} logit + AIPW: {time.time() - start:.2f} s, {psi.mean():.4f}')
try:
    import dowhy, pandas as pd
    start = time.time()
    d = pd.DataFrame(x, columns=[f'x{i}' for i in range(k)]).assign(t=t.astype(bool), y=y)
    model = dowhy.CausalModel(d, 't', 'y', common_causes=[f'x{i}' for i in range(k)])
    found = model.estimate_effect(model.identify_effect(), method_name='backdoor.propensity_score_weighting')
    print(f'dowhy {dowhy.__version__} weighting: {time.time() - start:.2f} s, {found.value:.4f}')
except ImportError:
    print('dowhy is not installed')
`

function runPeer(python: string, units: number, covariates: number): void {
  const { stdout, stderr, status } = spawnSync(
    python,
    ['-c', peerScript, String(units), String(covariates)],
    {
      encoding: 'utf8',
    },
  )
  for (const line of (status === 0 ? stdout : stderr).trim().split('\n')) printFigure('peer', line)
}
