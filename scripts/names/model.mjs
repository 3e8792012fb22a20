// What the package gives its users, as TypeScript sees it in dist: each name of each entry point, with what belongs to it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..');
const dist = join(root, 'dist');

/** The entry points, and their declarations. */
const { exports: faces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.entries(faces).flatMap(([path, face]) =>
  face.require === undefined ? [] : [{ name: join('truefork', path), file: join(root, face.require.types) }],
);

const program = ts.createProgram(
  entries.map(({ file }) => file),
  {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  },
);
const checker = program.getTypeChecker();

const folded = (text) => text.replace(/\s+/g, ' ').trim();
const docOf = (symbol) => folded(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
const ours = (declaration) => declaration.getSourceFile().fileName.startsWith(dist);
const isHidden = (declaration) =>
  (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0 ||
  (declaration.name !== undefined && ts.isPrivateIdentifier(declaration.name));

/** The arguments, by their names; what is taken apart at once are options. */
function parametersOf(declaration) {
  return declaration.parameters.map(({ name, questionToken, dotDotDotToken }) => {
    const shown = ts.isIdentifier(name) ? name.text : 'options';
    return `${dotDotDotToken ? '…' : ''}${shown}${questionToken ? '?' : ''}`;
  });
}

const isCall = (declaration) =>
  ts.isFunctionDeclaration(declaration) || ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration);

/** The calls of a function or a method: more than one, if it is overloaded with other arguments. */
function callsOf(name, symbol) {
  const calls = symbol.declarations
    .filter(isCall)
    .map((declaration) => `${name}(${parametersOf(declaration).join(', ')})`);
  return [...new Set(calls)];
}

/** The strings that a type can be, if it is nothing else. */
function literalsOf(type) {
  const parts = type.isUnion() ? type.types : [type];
  return parts.every((part) => part.isStringLiteral()) ? parts.map(({ value }) => value) : undefined;
}

function typeText(symbol, declaration) {
  const written = declaration.type && folded(declaration.type.getText());
  return written ?? checker.typeToString(checker.getTypeOfSymbol(symbol), undefined, ts.TypeFormatFlags.NoTruncation);
}

function memberOf(symbol) {
  const declaration = symbol.declarations?.find((each) => ours(each) && !isHidden(each));
  if (declaration === undefined) return undefined;
  const { name } = declaration;
  const shown = name === undefined ? symbol.name : name.getText();
  if (isCall(declaration)) return { name: shown, calls: callsOf(shown, symbol), doc: docOf(symbol) };
  return {
    name: shown,
    type: typeText(symbol, declaration),
    optional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
    isNumber: isNumber(checker.getTypeOfSymbol(symbol)),
    doc: docOf(symbol),
  };
}

function isNumber(type) {
  const parts = type.isUnion() ? type.types : [type];
  return parts.some((part) => (part.flags & ts.TypeFlags.NumberLike) !== 0);
}

/** The members, those of the classes and interfaces of ours that it extends included. */
function membersOf(type) {
  return checker
    .getPropertiesOfType(type)
    .filter(({ name }) => name !== 'prototype')
    .map(memberOf)
    .filter((member) => member !== undefined);
}

/** The events that a class emits: those of the `EventEmitter<Events>` that it extends. */
function eventsOf(declaration) {
  const bases = (declaration.heritageClauses ?? []).flatMap(({ types }) => types);
  return bases
    .filter(({ expression }) => expression.getText() === 'EventEmitter')
    .flatMap(({ typeArguments = [] }) => typeArguments)
    .flatMap((events) => checker.getPropertiesOfType(checker.getTypeAtLocation(events)))
    .map((event) => ({
      name: event.name,
      parameters: event.valueDeclaration.type.elements.map((element) => element.name.text),
      doc: docOf(event),
    }));
}

function classOf(symbol, declaration) {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const constructor = declaration.members.find(ts.isConstructorDeclaration);
  const isMade = constructor !== undefined && !isHidden(constructor) && !/^(Only `|Use `)/.test(commentOf(constructor));
  const base = checker.getBaseTypes(type)[0];
  const isError = Boolean(checker.getPropertyOfType(type, 'stack') && checker.getPropertyOfType(type, 'message'));
  const code = isError ? checker.getPropertyOfType(type, 'code') : undefined;
  const codeType = code && checker.getTypeOfSymbol(code);
  const statics = checker
    .getPropertiesOfType(checker.getTypeOfSymbol(symbol))
    .filter(({ name }) => name !== 'prototype')
    .map(memberOf)
    .filter((member) => member?.calls !== undefined);
  return {
    kind: isError ? 'error' : 'class',
    call: isMade && !isError ? `new ${symbol.name}(${parametersOf(constructor).join(', ')})` : undefined,
    base: base?.symbol?.name,
    statics,
    members: membersOf(type),
    isDisposable: isDisposable(type),
    events: eventsOf(declaration),
    ...(isError && { codes: codeType && literalsOf(codeType), codeType: codeType && checker.typeToString(codeType) }),
  };
}

function commentOf(declaration) {
  return folded(
    ts
      .getJSDocCommentsAndTags(declaration)
      .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
      .join(' '),
  );
}

/** Whether `using` or `await using` gives it back. */
function isDisposable(type) {
  return checker.getPropertiesOfType(type).some(({ escapedName }) => /^__@(dispose|asyncDispose)@/.test(escapedName));
}

function contentsOf(symbol) {
  const [declaration] = symbol.declarations;
  if (ts.isFunctionDeclaration(declaration)) return { kind: 'function', calls: callsOf(symbol.name, symbol) };
  if (ts.isClassDeclaration(declaration)) return classOf(symbol, declaration);
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  if (ts.isInterfaceDeclaration(declaration))
    return { kind: 'interface', members: membersOf(type), isDisposable: isDisposable(type) };
  if (ts.isTypeAliasDeclaration(declaration)) return { kind: 'type' };
  return { kind: 'constant' };
}

function nameOf(exported) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const [declaration] = symbol.declarations;
  return {
    name: exported.name,
    doc: docOf(symbol) || docOf(exported),
    from: `${relative(dist, declaration.getSourceFile().fileName)}:${symbol.name}`,
    ...contentsOf(symbol),
  };
}

/** The entry points, each with its names in the order of the alphabet. */
export function modelOf() {
  return entries.map(({ name, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file));
    const names = checker.getExportsOfModule(module).map(nameOf);
    return { entry: name, names: names.sort((one, other) => (one.name < other.name ? -1 : 1)) };
  });
}

/** The codes that the code itself names, whatever it throws them with; one that it compares with may be of others. */
export function writtenCodes() {
  const files = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js'));
  const text = files.map((file) => readFileSync(join(dist, file), 'utf8')).join('\n');
  return [
    ...new Set(
      Array.from(text.matchAll(/(?<!\/\*.*|\* .*|\/\/ .*|=== )['"](ERR_[A-Z_0-9]+)['"]/g), ([, code]) => code),
    ),
  ].sort();
}
