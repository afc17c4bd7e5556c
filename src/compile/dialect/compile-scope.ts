// Which JavaScript variable holds a template's variable, by Jinja's rules: a block has its own variables, `if`
// has not, and what an inner block sets the outer one does not see.

/** A variable of generated code. */
interface Variable {
  readonly code: string
  /** Whether it surely has a value wherever it can be read from now on. */
  assigned: boolean
}

/** The variables of one block of a template, inside those of the blocks around it. */
export class CompileScope {
  private readonly variables = new Map<string, Variable>()
  private readonly parent: CompileScope | undefined
  /** How many conditions were open when the scope began. */
  readonly depth: number

  constructor(parent: CompileScope | undefined, depth: number) {
    this.parent = parent
    this.depth = depth
  }

  /** The variable that a `set` of the name writes to, made by `declare` when it is new. */
  writeTo(name: string, conditions: number, declare: () => string): string {
    const known = this.variables.get(name)
    const assigned = conditions === this.depth
    if (known) {
      known.assigned ||= assigned
      return known.code
    }
    const code = declare()
    this.variables.set(name, { code, assigned })
    return code
  }

  /** The variables a read of the name looks at, innermost first, and whether one of them surely has it. */
  readFrom(name: string): { readonly codes: readonly string[]; readonly certain: boolean } {
    const codes: string[] = []
    for (let scope: CompileScope | undefined = this; scope; scope = scope.parent) {
      const variable = scope.variables.get(name)
      if (!variable) continue
      codes.push(variable.code)
      if (variable.assigned) return { codes, certain: true }
    }
    return { codes, certain: false }
  }
}
