import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

// jazzer.js would be the usual tool, but its current addon needs a newer C library than Debian 12 has, and older ones are downloaded from
// GitHub during installation. We only need a counter at every branch of our own sources.
const instrumented = /\/src\/(?:policy|rewrite|server)\/(?!.*generated\/).+\.ts$/
const key = 'mlflowEnvProxyEdges'

/** How often each branch was taken. */
export const edges = new Uint32Array(1 << 15)
let known = 0

/** The branches of all modules loaded so far. */
export function knownEdges(): number {
  return known
}

/** Strings that the sources compare with: words for the mutator. */
export const literals = new Set<string>()

const { factory } = ts

function count(): ts.Expression {
  known = Math.min(known + 1, edges.length - 1)
  const place = factory.createElementAccessExpression(factory.createIdentifier(key), known)
  return factory.createPostfixIncrement(place)
}

const counted = (expression: ts.Expression) =>
  factory.createParenthesizedExpression(factory.createComma(count(), factory.createParenthesizedExpression(expression)))

const asBlock = (statement: ts.Statement): ts.Block =>
  ts.isBlock(statement)
    ? factory.updateBlock(statement, [factory.createExpressionStatement(count()), ...statement.statements])
    : factory.createBlock([factory.createExpressionStatement(count()), statement], true)

const lazy: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
])

function countIn(node: ts.Node): ts.Node {
  if (ts.isIfStatement(node)) {
    const other = node.elseStatement === undefined ? factory.createExpressionStatement(count()) : node.elseStatement
    return factory.updateIfStatement(node, node.expression, asBlock(node.thenStatement), asBlock(other))
  }
  if (ts.isFunctionDeclaration(node) && node.body !== undefined) return withBody(node, asBlock(node.body))
  if (ts.isMethodDeclaration(node) && node.body !== undefined) return withBody(node, asBlock(node.body))
  if (ts.isArrowFunction(node)) {
    const body = ts.isBlock(node.body) ? asBlock(node.body) : counted(node.body)
    const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = node
    return factory.updateArrowFunction(node, modifiers, typeParameters, parameters, type, equalsGreaterThanToken, body)
  }
  if (ts.isForStatement(node))
    return factory.updateForStatement(node, node.initializer, node.condition, node.incrementor, asBlock(node.statement))
  if (ts.isForOfStatement(node))
    return factory.updateForOfStatement(node, node.awaitModifier, node.initializer, node.expression, asBlock(node.statement))
  if (ts.isWhileStatement(node)) return factory.updateWhileStatement(node, node.expression, asBlock(node.statement))
  if (ts.isCaseClause(node))
    return factory.updateCaseClause(node, node.expression, [factory.createExpressionStatement(count()), ...node.statements])
  if (ts.isCatchClause(node)) return factory.updateCatchClause(node, node.variableDeclaration, asBlock(node.block))
  if (ts.isConditionalExpression(node)) {
    const { condition, questionToken, whenTrue, colonToken, whenFalse } = node
    return factory.updateConditionalExpression(node, condition, questionToken, counted(whenTrue), colonToken, counted(whenFalse))
  }
  if (ts.isBinaryExpression(node) && lazy.has(node.operatorToken.kind))
    return factory.updateBinaryExpression(node, node.left, node.operatorToken, counted(node.right))
  return node
}

function withBody(node: ts.FunctionDeclaration | ts.MethodDeclaration, body: ts.Block): ts.Node {
  const { modifiers, asteriskToken, typeParameters, parameters, type } = node
  if (ts.isFunctionDeclaration(node))
    return factory.updateFunctionDeclaration(node, modifiers, asteriskToken, node.name, typeParameters, parameters, type, body)
  const { name, questionToken } = node
  return factory.updateMethodDeclaration(
    node,
    modifiers,
    asteriskToken,
    name,
    questionToken,
    typeParameters,
    parameters,
    type,
    body,
  )
}

function note(node: ts.Node): void {
  if (ts.isStringLiteral(node) && node.text.length > 0 && node.text.length < 40 && !node.text.endsWith('.ts'))
    literals.add(node.text)
  if (ts.isRegularExpressionLiteral(node)) for (const word of node.text.match(/[A-Za-z_-]{2,}/g) ?? []) literals.add(word)
}

const transformer: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
  const requestContext = (node: ts.Node): ts.Node => {
    note(node)
    return countIn(ts.visitEachChild(node, requestContext, context))
  }
  return ts.visitEachChild(file, requestContext, context)
}

const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true }

/** Instruments all modules of our own that are loaded from now on. */
export function instrument(): void {
  Reflect.set(globalThis, key, edges)
  registerHooks({
    load: (url, context, next) => {
      if (!instrumented.test(url)) return next(url, context)
      const text = readFileSync(fileURLToPath(url), 'utf8')
      const { outputText } = ts.transpileModule(text, { compilerOptions, transformers: { before: [transformer] } })
      return { format: 'module', source: outputText, shortCircuit: true }
    },
  })
}
