import type { Node } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'
import { runFunction } from './function.ts'
import { runAnalysis } from './job.ts'
import { runLoad } from './load.ts'
import { runModel } from './model.ts'
import { runSeed } from './seed.ts'
import { runSnapshot } from './snapshot.ts'
import { runTest } from './test.ts'
import { runUnitTest } from './unit-test.ts'

/** Does the work of a step, by the kind of its node. */
export function runStep(node: Node, step: Step, context: RunContext): Promise<StepOutcome> {
  switch (node.resourceType) {
    case 'load':
      return runLoad(node, step, context)
    case 'seed':
      return runSeed(node, step, context)
    case 'model':
      return runModel(node, step, context)
    case 'test':
      return runTest(node, step, context)
    case 'job':
      return runAnalysis(node, step, context)
    case 'snapshot':
      return runSnapshot(node, step, context)
    case 'unit_test':
      return runUnitTest(node, step, context)
    case 'function':
      return runFunction(node, step, context)
    case 'exposure':
    case 'saved_query':
      return Promise.resolve({ rows: null, message: 'NO-OP', publish: [] })
    case 'source':
    case 'job_table':
    case 'analysis':
    case 'metric':
    case 'semantic_model':
      throw new Error(`${node.id} has no step`)
  }
}
