// The mutants of a source file: small changes that a test should notice. `tools/mutation.mjs` draws from them.
import ts from 'typescript-5.9';

/** Replacements of each binary operator. */
const OPERATORS = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '&=': ['|='],
  '|=': ['&='],
  '^=': ['&='],
};
const BOOLEANS = { true: 'false', false: 'true' };

/** Returns the mutants of a source text, as `{ start, end, text }`: `text` replaces what stands from start to end. */
export function mutantsOf(name, source) {
  return name.endsWith('.ts') ? mutantsOfTypeScript(name, source) : mutantsOfC(source);
}

/** Adds a number one above and one below a literal. */
function addNumbers(add, start, literal) {
  const [, digits, suffix] = /^([0-9a-fx_.]+?)([uUlLn]*)$/i.exec(literal) ?? [];
  const number = Number(digits?.replaceAll('_', ''));
  if (!Number.isSafeInteger(number)) return;
  add(start, start + literal.length, `${number + 1}${suffix}`);
  if (number > 0) add(start, start + literal.length, `${number - 1}${suffix}`);
}

function mutantsOfTypeScript(name, source) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const mutants = [];
  const add = (start, end, text) => mutants.push({ start, end, text });
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) return;
    addOf(add, node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return mutants;
}

/** Adds the mutants of one node of a syntax tree. */
function addOf(add, node) {
  const [start, end] = [node.getStart(), node.end];
  if (ts.isBinaryExpression(node)) {
    const { operatorToken: operator } = node;
    for (const text of OPERATORS[operator.getText()] ?? []) add(operator.getStart(), operator.end, text);
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    add(start, start + 1, '');
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    add(start, start + 1, '+');
  } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const text = node.getText();
    if (/\+\+|--/.test(text))
      add(
        start,
        end,
        text.replace(/\+\+|--/, (sign) => (sign === '++' ? '--' : '++')),
      );
  } else if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) {
    addNumbers(add, start, node.getText());
  } else if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
    add(start, end, BOOLEANS[node.getText()]);
  } else if (ts.isExpressionStatement(node) || ts.isThrowStatement(node)) {
    add(start, end, '{}');
  }
  const condition = conditionOf(node);
  if (condition) add(condition.getStart(), condition.end, `!(${condition.getText()})`);
}

function conditionOf(node) {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return node.expression;
  return ts.isForStatement(node) || ts.isConditionalExpression(node) ? node.condition : undefined;
}

/** Comments, strings, characters and lines of the preprocessor, in which no mutant is. */
const NO_CODE = /\/\/.*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:.*\\\n)*.*/gm;
/** Binary operators have spaces around them: clang-format holds that. */
const C_OPERATOR = /(?<= )(?:<<=|>>=|&&|\|\||<<|>>|[<>=!+\-&|^]=|[<>+\-*/%&|^])(?=\s)/g;
/** A statement without braces, wherever one may begin. */
const STATEMENT =
  /(?<=[;{})]\s+|\belse\s+)(?=((?:return|break|continue|(?:\w|[*(]\S)[^;{}?]*?(?:=|\(|\+\+|--))[^;{}]*;))/g;
const NO_STATEMENT = /^(?:else|if|for|while|do|case|enum|typedef|static|const|\w+ +\**\w+ *(?:=|\(|,|;|\[))/;

function mutantsOfC(source) {
  const code = source.replace(NO_CODE, (text) => text.replace(/[^\n]/g, ' '));
  const mutants = [];
  const add = (start, end, text) => mutants.push({ start, end, text });
  for (const { 0: token, index } of code.matchAll(C_OPERATOR))
    for (const text of OPERATORS[token] ?? []) add(index, index + token.length, text);
  for (const { 0: token, index } of code.matchAll(/\+\+|--/g))
    add(index, index + 2, token === '++' ? '--' : '++');
  for (const { index } of code.matchAll(/!(?!=)/g)) add(index, index + 1, '');
  for (const { 0: token, index } of code.matchAll(/\b(?:true|false)\b/g))
    add(index, index + token.length, BOOLEANS[token]);
  for (const { 0: token, index } of code.matchAll(/\b\d\w*\b/g)) addNumbers(add, index, token);
  for (const { 0: token, index } of code.matchAll(/\b(?:if|while) \(/g)) {
    const start = index + token.length;
    add(start, closing(code, start), `!(${source.slice(start, closing(code, start))})`);
  }
  for (const { 1: token, index } of code.matchAll(STATEMENT))
    if (isStatement(code.slice(0, index), token)) add(index, index + token.length, '{}');
  return mutants;
}

/** The index of the parenthesis that closes the one before `start`. */
function closing(code, start) {
  let depth = 1;
  for (let i = start; ; i++) {
    if (code[i] === '(') depth++;
    if (code[i] === ')' && --depth === 0) return i;
  }
}

const count = (text, character) => text.split(character).length - 1;
/** The braces, or parentheses, that are open at the end of `text`. */
const open = (text, [left, right]) => count(text, left) - count(text, right);

function isStatement(before, text) {
  if (open(before, '{}') === 0 || open(before, '()') > 0 || open(text, '()') !== 0) return false;
  return /^return\b/.test(text) || !NO_STATEMENT.test(text);
}
