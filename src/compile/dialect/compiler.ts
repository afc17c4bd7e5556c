// Code generation for statements, and for the two kinds of code there are: a template's and a macro's.
import type { MacroFunction, RootFunction } from './code.ts'
import { CompileScope } from './compile-scope.ts'
import { ExpressionCompiler, isConstant, type KnownNames } from './compiler-expressions.ts'
import type {
  AutoescapeNode,
  BodyNode,
  CallBlockNode,
  ExtensionNode,
  FilterBlockNode,
  ForNode,
  IfNode,
  ListNode,
  LiteralNode,
  NamespaceTargetNode,
  Node,
  SetBlockNode,
  SetNode,
  SignatureNode,
  SymbolNode,
  UnaryNode,
  WithNode,
} from './nodes.ts'

class TemplateCompiler extends ExpressionCompiler {
  /** Where the variables of the innermost block are declared. */
  private declarations: string[] = []

  private newVariable(): string {
    const code = this._tmpid()
    this.declarations.push(code)
    return code
  }

  /** Emits a block with variables of its own. */
  private scoped(frame: CompileScope, write: (inner: CompileScope) => void): void {
    const outer = this.declarations
    this.declarations = []
    const inner = new CompileScope(frame, this.conditions)
    const code = this.captured(() => write(inner))
    const declared = this.declarations.length > 0 ? `let ${this.declarations.join(',')};` : ''
    this.declarations = outer
    this._emit(`{${declared}${code}}`)
  }

  /** Emits statements whose output goes to a new buffer, and gives the buffer's name. */
  private intoBuffer(write: () => void): string {
    const outer = this.buffer
    const buffer = this._tmpid()
    this._emit(`const ${buffer}=${outer}.fork();`)
    this.buffer = buffer
    write()
    this.buffer = outer
    return buffer
  }

  compileOutput(node: ListNode, frame: CompileScope): void {
    for (const child of node.children) {
      if (child.typename === 'TemplateData') {
        const text = JSON.stringify((child as LiteralNode).value)
        this._emitLine(`${this.buffer}.literal(${text},${child.pos});`)
        continue
      }
      const write = isConstant(child) ? 'constant' : 'value'
      this._emitLine(`p=${child.pos};${this.buffer}.${write}(${this.code(child, frame)},${child.pos});`)
    }
  }

  compileIf(node: IfNode, frame: CompileScope): void {
    this._emit(`p=${node.pos};if(${this.condition(node.cond, frame)}){`)
    this.conditions += 1
    this.compile(node.body, frame)
    this._emit('}')
    if (node.else_) {
      this._emit('else{')
      this.compile(node.else_, frame)
      this._emit('}')
    }
    this.conditions -= 1
  }

  /** Emits the assignment of what `value` (a cheap expression) holds to a target. */
  private assign(target: Node, value: string, frame: CompileScope): void {
    if (target.typename === 'NamespaceTarget') {
      const { namespace, attribute } = target as NamespaceTargetNode
      const owner = this.captured(() =>
        this.compileSymbol({ ...target, value: namespace } as unknown as SymbolNode, frame),
      )
      this._emitLine(
        `${this.runtimeCall('setNamespace', [owner, JSON.stringify(attribute), value], target)};`,
      )
      return
    }
    if (target.typename !== 'Tuple') {
      const { value: name } = target as SymbolNode
      this._emitLine(`${frame.writeTo(name, this.conditions, () => this.newVariable())}=${value};`)
      return
    }
    const items = (target as ListNode).children
    const parts = this._tmpid()
    this._emit(`const ${parts}=${this.runtimeCall('unpack', [value, String(items.length)], target)};`)
    items.forEach((item, at) => {
      this.assign(item, `${parts}[${at}]`, frame)
    })
  }

  compileAssign(node: SetNode, frame: CompileScope): void {
    const value = this._tmpid()
    this._emit(`p=${node.pos};const ${value}=${this.code(node.value, frame)};`)
    this.assign(node.target, value, frame)
  }

  compileSetBlock(node: SetBlockNode, frame: CompileScope): void {
    const buffer = this.intoBuffer(() => this.scoped(frame, (inner) => this.compile(node.body, inner)))
    const text = `${buffer}.finish()`
    const value = this._tmpid()
    this._emit(`const ${value}=${node.filter ? this.filterCode(node.filter, frame, text) : text};`)
    this.assign(node.target, value, frame)
  }

  compileWith(node: WithNode, frame: CompileScope): void {
    const values = node.values.map((value) => {
      const code = this._tmpid()
      return { code, emitted: `const ${code}=${this.code(value, frame)};` }
    })
    this._emit('{')
    for (const { emitted } of values) this._emit(emitted)
    this.scoped(frame, (inner) => {
      node.targets.forEach((target, at) => {
        this.assign(target, values[at]!.code, inner)
      })
      this.compile(node.body, inner)
    })
    this._emit('}')
  }

  compileScope(node: BodyNode, frame: CompileScope): void {
    this.scoped(frame, (inner) => this.compile(node.body, inner))
  }

  compileDo(node: UnaryNode, frame: CompileScope): void {
    this._emitLine(`p=${node.pos};${this.code(node.target, frame)};`)
  }

  compileBreak(): void {
    this._emitLine('break;')
  }

  compileContinue(): void {
    this._emitLine('continue;')
  }

  compileRefused(node: Node & { readonly message: string }): void {
    this._emitLine(`${this.runtimeCall('refuse', [JSON.stringify(node.message)], node)};`)
  }

  compileLoop(node: ForNode, frame: CompileScope): void {
    if (node.recursive) this.recursiveLoop(node, frame)
    else this.loop(node, frame, this.loopValues(node, frame, this.code(node.arr, frame)), '0', 'null')
  }

  /** The code of what is looped over, with the loop's own `if` applied. */
  private loopValues(node: ForNode, frame: CompileScope, values: string): string {
    if (!node.cond) return this.runtimeCall('iterate', [values], node.arr)
    const item = this._tmpid()
    const test = this.captured(() =>
      this.scoped(frame, (inner) => {
        this.assign(node.name, item, inner)
        this._emit(`return ${this.condition(node.cond!, inner)};`)
      }),
    )
    return this.runtimeCall('filtered', [values, `(${item})=>${test}`], node.arr)
  }

  /** Emits the loop over the values. */
  private loop(node: ForNode, frame: CompileScope, values: string, depth: string, again: string): void {
    const [item, count] = [this._tmpid(), this._tmpid()]
    if (node.else_) this._emit(`let ${count}=0;`)
    const state = node.usesLoop ? this._tmpid() : ''
    this._emit(
      node.usesLoop
        ? `const ${state}=rt.loop(${values},${depth},${again});while(${state}.advance()){const ${item}=${state}.item;`
        : `for(const ${item} of ${values}){`,
    )
    this.conditions += 1
    this.scoped(frame, (inner) => {
      if (state) inner.writeTo('loop', this.conditions, () => state)
      this.assign(node.name, item, inner)
      this.compile(node.body, inner)
      // As in Jinja, a pass that ends in break or continue does not count for the else.
      if (node.else_) this._emit(`${count}=1;`)
    })
    this.conditions -= 1
    this._emit('}')
    if (!node.else_) return
    this._emit(`if(!${count})`)
    this.scoped(frame, (inner) => this.compile(node.else_!, inner))
  }

  /** A recursive loop is a function that `loop(…)` calls with deeper values. */
  private recursiveLoop(node: ForNode, frame: CompileScope): void {
    const [again, values, depth] = [this._tmpid(), this._tmpid(), this._tmpid()]
    const outer = this.buffer
    const buffer = this._tmpid()
    this._emit(`const ${again}=(${values},${depth},${buffer})=>{`)
    this.buffer = buffer
    this.loop(
      node,
      frame,
      this.loopValues(node, frame, values),
      depth,
      `(v,d)=>{const b=${outer}.fork();${again}(v,d,b);return b.finish()}`,
    )
    this._emit('};')
    this.buffer = outer
    this._emitLine(`${again}(${this.code(node.arr, frame)},0,${outer});`)
  }

  compileCallBlock(node: CallBlockNode, frame: CompileScope): void {
    const caller = this._tmpid()
    this._emit(`{const ${caller}=rt.caller(${this.signatureCode(node.caller)},(args,kwargs)=>`)
    this.macroBody(node.caller, frame, `${this.buffer}.fork()`)
    this._emit(');')
    const call = this.callCode(node.call, frame, [`["caller"]:${caller}`])
    this._emitLine(`p=${node.pos};${this.buffer}.called(${call},${node.pos});}`)
  }

  /** A macro inside another one is a local value. */
  compileSignature(node: SignatureNode, frame: CompileScope): void {
    const variable = frame.writeTo(node.name, this.conditions, () => this.newVariable())
    this._emit(`${variable}=rt.caller(${this.signatureCode(node)},(args,kwargs)=>`)
    this.macroBody(node, frame, `${this.buffer}.fork()`)
    this._emitLine(');')
  }

  compileFilterBlock(node: FilterBlockNode, frame: CompileScope): void {
    this._emit('{')
    const buffer = this.intoBuffer(() => this.scoped(frame, (inner) => this.compile(node.body, inner)))
    const code = this.filterCode(node.filter, frame, `${buffer}.finish()`)
    this._emitLine(`${this.buffer}.called(${code},${node.pos});}`)
  }

  compileAutoescape(node: AutoescapeNode, frame: CompileScope): void {
    const saved = this._tmpid()
    this._emit(`const ${saved}=${this.buffer}.autoescape;${this.buffer}.autoescape=`)
    this._emitLine(`rt.truth(${this.code(node.enabled, frame)});`)
    this.scoped(frame, (inner) => this.compile(node.body, inner))
    this._emitLine(`${this.buffer}.autoescape=${saved};`)
  }

  /** A tag of a nunjucks extension. */
  compileCallExtension(node: ExtensionNode, frame: CompileScope): void {
    const { extName, prop, args, contentArgs } = node
    const bodies = contentArgs.map((body) => {
      if (!body) return 'null'
      return `()=>{${this.captured(() => {
        const buffer = this.intoBuffer(() => this.scoped(frame, (inner) => this.compile(body, inner)))
        this._emit(`return ${buffer}.finish()`)
      })}}`
    })
    const values = this.codes(args.children, frame)
    const names = [JSON.stringify(extName), JSON.stringify(prop), `[${values}]`, `[${bodies.join(',')}]`]
    this._emitLine(`${this.buffer}.value(${this.runtimeCall('extension', names, node)},${node.pos});`)
  }

  /** The facts about a signature that the runtime binds arguments by. */
  private signatureCode(node: SignatureNode): string {
    const names = node.parameters.map(({ name }) => name)
    return JSON.stringify({
      name: node.name,
      names,
      usesCaller: node.usesCaller || names.includes('caller'),
      usesKwargs: node.usesKwargs,
      usesVarargs: node.usesVarargs,
    })
  }

  /** Emits `{…}`: binds the arguments, evaluates defaults, runs the body and returns its text. */
  private macroBody(node: SignatureNode, frame: CompileScope, newBuffer: string): void {
    const outer = { buffer: this.buffer, conditions: this.conditions, declarations: this.declarations }
    this.buffer = this._tmpid()
    this.declarations = []
    const inner = new CompileScope(frame, this.conditions)
    const code = this.captured(() => {
      this.bindParameters(node, inner)
      this.compile(node.body, inner)
    })
    const declared = this.declarations.length > 0 ? `let ${this.declarations.join(',')};` : ''
    this._emit(`{const ${this.buffer}=${newBuffer};${declared}${code}return ${this.buffer}.finish();}`)
    this.buffer = outer.buffer
    this.declarations = outer.declarations
  }

  private bindParameters(node: SignatureNode, frame: CompileScope): void {
    const bound = this._tmpid()
    this._emit(`const ${bound}=rt.bind(${this.signatureCode(node)},args,kwargs);`)
    const declare = (name: string) => frame.writeTo(name, this.conditions, () => this.newVariable())
    node.parameters.forEach(({ name, defaultValue }, at) => {
      const fallback = defaultValue ? this.code(defaultValue, frame) : `rt.missing(${JSON.stringify(name)})`
      const variable = declare(name)
      this._emitLine(`${variable}=${bound}.values[${at}];if(${variable}===undefined)${variable}=${fallback};`)
    })
    const names = node.parameters.map(({ name }) => name)
    if (node.usesCaller && !names.includes('caller')) this._emit(`${declare('caller')}=${bound}.caller;`)
    if (node.usesKwargs && !names.includes('kwargs')) this._emit(`${declare('kwargs')}=${bound}.kwargs;`)
    if (node.usesVarargs && !names.includes('varargs')) this._emit(`${declare('varargs')}=${bound}.varargs;`)
  }

  /** The code of a template. */
  rootCode(root: Node): string {
    this.buffer = 'out'
    this._emit('let p=0;try')
    this.scoped(new CompileScope(undefined, 0), (frame) => this.compile(root, frame))
    this._emit('catch(e){throw rt.located(e,p)}')
    return this.getCode()
  }

  /** The code of a macro. */
  macroCode(node: SignatureNode): string {
    this.buffer = 'out'
    this._emit('let p=0;try')
    this.macroBody(node, new CompileScope(undefined, 0), 'rt.buffer()')
    this._emit('catch(e){throw rt.located(e,p)}')
    return this.getCode()
  }
}

/** Every name in the code comes from the compiler and every text is a JSON string, so nothing of a template runs as code. */
function evaluate(parameters: string, code: string): unknown {
  return new Function(
    `"use strict";const none=Object.freeze({__proto__:null});return(${parameters})=>{${code}}`,
  )()
}

/** Generates the function of a template. */
export function compileRoot(root: Node, file: string, known: KnownNames): RootFunction {
  return evaluate('rt,out', new TemplateCompiler(file, known).rootCode(root)) as RootFunction
}

/** Generates the function of a macro. */
export function compileMacro(node: SignatureNode, file: string, known: KnownNames): MacroFunction {
  return evaluate('rt,args,kwargs', new TemplateCompiler(file, known).macroCode(node)) as MacroFunction
}
