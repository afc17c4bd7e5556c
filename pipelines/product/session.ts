/*
 * What happens in a session: a Markov chain over five kinds of event, one chain for each intent.
 * A purchase is not a state of the chain: it follows an add_to_cart or not, and the chain goes on as if nothing had
 * happened. So a change of the checkout changes purchases and nothing else.
 */

/** Names of the events; the first five are states of the chain. */
export const eventNames = ['view', 'search', 'play', 'like', 'add_to_cart', 'purchase'] as const
/** Places of the events in `eventNames`. */
export const eventIndex = { view: 0, search: 1, play: 2, like: 3, addToCart: 4, purchase: 5 } as const

/** Intents in the order of a user's probabilities. */
export const intents = ['browse', 'search', 'listen', 'shop'] as const
export const listenIntent = 2

/** As a next state, the end of the session. */
const end = 5
const start = 5
const stateCount = 6

/** Mean seconds from an event of each state to the next one. */
export const meanPauseSeconds = [28, 14, 190, 9, 22] as const
export const checkoutSeconds = 40
/** No pause is longer, so that half an hour of silence always means that a session is over. */
export const longestPauseSeconds = 1200

/** Rows: from view, search, play, like, add_to_cart and from the start; columns: to each state, then to the end. */
type Chain = readonly (readonly number[])[]

const chains: Record<(typeof intents)[number], Chain> = {
  browse: [
    [0.53, 0.06, 0.11, 0.07, 0.06, 0.17],
    [0.6, 0.15, 0.15, 0, 0, 0.1],
    [0.25, 0.03, 0.32, 0.14, 0, 0.26],
    [0.5, 0.05, 0.2, 0, 0, 0.25],
    [0.48, 0.05, 0, 0, 0, 0.47],
    [0.8, 0.1, 0.1, 0, 0, 0],
  ],
  search: [
    [0.22, 0.32, 0.08, 0.05, 0.11, 0.22],
    [0.42, 0.26, 0.2, 0, 0, 0.12],
    [0.08, 0.25, 0.32, 0.11, 0, 0.24],
    [0.2, 0.35, 0.2, 0, 0, 0.25],
    [0.25, 0.25, 0, 0, 0, 0.5],
    [0.05, 0.95, 0, 0, 0, 0],
  ],
  listen: [
    [0.15, 0.05, 0.55, 0.08, 0, 0.17],
    [0.08, 0.14, 0.68, 0, 0, 0.1],
    [0.06, 0.09, 0.61, 0.12, 0, 0.12],
    [0.05, 0.05, 0.75, 0, 0, 0.15],
    [0, 0, 0, 0, 0, 1],
    [0, 0.3, 0.7, 0, 0, 0],
  ],
  shop: [
    [0.46, 0.08, 0, 0.04, 0.27, 0.15],
    [0.72, 0.16, 0, 0, 0, 0.12],
    [0, 0, 0, 0, 0, 1],
    [0.72, 0, 0, 0, 0.1, 0.18],
    [0.5, 0.06, 0, 0, 0, 0.44],
    [0.7, 0.3, 0, 0, 0, 0],
  ],
}

export interface Chains {
  /** The next state that means that the session is over. */
  readonly end: number
  /** The first state of a session; `point` is uniform in [0, 1). */
  readonly first: (intent: number, point: number) => number
  /** The state that follows. */
  readonly next: (intent: number, state: number, point: number) => number
}

/** The chains of all intents, ready to be walked. */
export function makeChains(): Chains {
  const table = cumulative()
  function next(intent: number, state: number, point: number): number {
    const row = (intent * stateCount + state) * stateCount
    for (let to = 0; to < end; to++) if (point < table[row + to]!) return to
    return end
  }
  return { end, next, first: (intent, point) => next(intent, start, point) }
}

/** Cumulative probabilities, laid out by intent, state and next state. */
function cumulative(): Float64Array {
  const table = new Float64Array(intents.length * stateCount * stateCount)
  intents.forEach((intent, intentIndex) => {
    chains[intent].forEach((row, state) => {
      let sum = 0
      row.forEach((probability, next) => {
        sum += probability
        table[(intentIndex * stateCount + state) * stateCount + next] = sum
      })
    })
  })
  return table
}
