// Suspend and replay: rendering is synchronous, so a question to the database stops it; the question is
// answered, and the template rendered again with the answers it already has.
import { type Question, Suspend } from './failure.ts'
import type { Value } from './values/value.ts'

/** The answers of one rendering so far, by question and how often it was asked before. */
export class Answers {
  private readonly known: ReadonlyMap<string, Value>
  private readonly asked = new Map<string, number>()

  constructor(known: ReadonlyMap<string, Value>) {
    this.known = known
  }

  /** The answer to a question; suspends the rendering when there is none yet. */
  ask(question: Question): Value {
    const times = this.asked.get(question.key) ?? 0
    this.asked.set(question.key, times + 1)
    const answer = this.known.get(answerKey(question, times))
    if (answer !== undefined) return answer
    throw new Suspend({ ...question, occurrence: times })
  }
}

function answerKey(question: Question, times: number): string {
  return `${times}:${question.key}`
}

/** Runs again and again until nothing is left to ask; each question is asked once. */
export async function withAnswers<Result>(
  attempt: (answers: Answers) => Result,
  ask: (question: Question) => Promise<Value>,
): Promise<Result> {
  const known = new Map<string, Value>()
  for (;;) {
    try {
      return attempt(new Answers(known))
    } catch (error) {
      if (!(error instanceof Suspend)) throw error
      const { question } = error
      known.set(answerKey(question, question['occurrence'] as number), await ask(question))
    }
  }
}
