import type { Reads } from './relation-state.ts'

/*
 * A view knows what it reads by identity, not by name: moved to another schema it still reads the same relations,
 * whatever they are called by then. So a view that a run built can be published by moving it, if all that it reads is
 * there afterwards: relations that stay, and builds that are moved with it.
 */

export interface MoveQuestion {
  /** Built views that could take their place. */
  readonly candidates: readonly number[]
  /** What they read. */
  readonly inputs: readonly Reads[]
  /** Relations that go away with the run, unless they are moved. */
  readonly ofRun: ReadonlySet<number>
  /** Builds that are moved in any case. */
  readonly moving: ReadonlySet<number>
  /** Relations that are dropped, and all that read them. */
  readonly falling: ReadonlySet<number>
}

/** The candidates that can be moved. */
export function movableViews({
  candidates,
  inputs,
  ofRun,
  moving,
  falling,
}: MoveQuestion): ReadonlySet<number> {
  const movable = new Set(candidates.filter((view) => !falling.has(view)))
  const staysOrMoves = (relation: number) =>
    moving.has(relation) || movable.has(relation) || !(ofRun.has(relation) || falling.has(relation))
  // One that cannot be moved may be read by another, so one look is not enough.
  for (let before = -1; before !== movable.size; ) {
    before = movable.size
    for (const { view, relation } of inputs) if (!staysOrMoves(relation)) movable.delete(view)
  }
  return movable
}
