// For TypeDoc: shows a member with the class that declares it and not with each that inherits it, and writes the sidebar of
// the API reference, grouped by the modules of ts/.
import { writeFileSync } from 'node:fs';
import { Converter, ReflectionKind, Renderer } from 'typedoc';

/** In the order of the sidebar; see docs/architecture.md. */
const MODULES = [
  'errors',
  'memory',
  'scalar',
  'text',
  'heap',
  'arena',
  'manager',
  'core',
  'interop',
  'struct',
  'call',
];

/** Interfaces with a method for each type or encoding: hundreds, which are shown there and not with each class. */
const MIXINS = ['ScalarMethods', 'StringMethods', 'SliceMethods', 'ByteMethods'];

/** The types that have the methods of mixins. */
const WITH_MIXINS = ['WasmHeapManager', 'LinmemHeap', 'Region', 'Scope', 'WasmHeapArena'];

/** Returns the module that declares `reflection`: the first folder below ts/, or the file there. */
function moduleOf(project, reflection) {
  const file = project.getSymbolIdFromReflection(reflection)?.packagePath ?? '';
  return file.match(/(?:^|\/)ts\/([\w-]+)/)?.[1] ?? 'other';
}

/** Removes the methods of the mixins from the classes that have them: before TypeDoc groups the members. */
function removeMixins({ project }) {
  const all = project.getReflectionsByKind(ReflectionKind.ClassOrInterface);
  const mixins = all.filter(({ name }) => MIXINS.includes(name));
  const names = new Set(mixins.flatMap(({ children = [] }) => children.map(({ name }) => name)));
  for (const type of all.filter(({ name }) => WITH_MIXINS.includes(name)))
    for (const member of [...(type.children ?? [])])
      if (names.has(member.name)) project.removeReflection(member);
}

/** Returns the exports of all entry points: of one module each if there are several. */
const exportsOf = (project) =>
  (project.children ?? []).flatMap((one) =>
    one.kind === ReflectionKind.Module ? (one.children ?? []) : [one],
  );

/** Shows the error classes of `@throws {X}`, which TypeDoc leaves out, and links names of other entry points. */
function linkNames({ project }) {
  const byName = new Map(exportsOf(project).map((one) => [one.name, one]));
  const link = (text) => ({ kind: 'inline-tag', tag: '@link', text, target: byName.get(text) });
  for (const { comment } of Object.values(project.reflections)) {
    const tags = comment?.blockTags ?? [];
    for (const tag of tags.filter(({ tag, typeAnnotation }) => tag === '@throws' && typeAnnotation)) {
      const names = tag.typeAnnotation.replace(/[{}]|@link/g, '').split(/[|,]/);
      tag.content.unshift(...names.flatMap((name) => [link(name.trim()), { kind: 'text', text: ' ' }]));
      delete tag.typeAnnotation;
    }
    for (const part of [comment?.summary ?? [], ...tags.map(({ content }) => content)].flat())
      if (part.kind === 'inline-tag' && !part.target) part.target = byName.get(part.text.trim());
  }
}

const modules = new Map();
function noteModules({ project }) {
  for (const entry of project.children ?? []) if (entry.name === 'index') entry.name = 'linmem'; // in addresses
  for (const one of exportsOf(project)) modules.set(one, moduleOf(project, one));
}

/** Returns the exports of each module, as text and link, in the order of MODULES. Other names of an export are left out. */
function exportsByModule(router, project) {
  const byModule = new Map();
  for (const one of exportsOf(project)) {
    if (one.kind === ReflectionKind.Reference) continue;
    const name = modules.get(one);
    const file = router.getFullUrl(one);
    byModule.set(name, [...(byModule.get(name) ?? []), { text: one.name, file }]);
  }
  const order = [...MODULES, ...[...byModule.keys()].filter((name) => !MODULES.includes(name)).sort()];
  return order
    .filter((name) => byModule.has(name))
    .map((name) => ({ name, items: byModule.get(name).sort((a, b) => a.text.localeCompare(b.text, 'en')) }));
}

function writeSidebar(out, groups) {
  const sidebar = groups.map(({ name, items }) => ({
    text: name,
    collapsed: true,
    items: items.map(({ text, file }) => ({ text, link: `/api/${file.replace(/\.md$/, '')}` })),
  }));
  writeFileSync(`${out}/sidebar.json`, JSON.stringify(sidebar));
}

/** The first page, with all names: TypeDoc's own has a line for each of them. */
function writeIndex(out, groups) {
  const sections = groups.map(({ name, items }) => {
    const links = items.map(({ text, file }) => `[\`${text}\`](${file})`);
    return `## ${name}\n\n${links.join(' ')}\n`;
  });
  const intro = [
    '# API reference',
    'Every export of `linmem`, `linmem/debug` and `linmem/inspect`, by module. The guides have examples: see [start here](/guide/start).',
    'Methods for each type, such as `readInt32`, are in [`ScalarMethods`](linmem/interfaces/ScalarMethods.md); those for strings in',
    '[`StringMethods`](linmem/interfaces/StringMethods.md); those for slices in [`SliceMethods`](linmem/interfaces/SliceMethods.md).',
  ];
  writeFileSync(`${out}/index.md`, `${intro[0]}\n\n${intro.slice(1).join('\n')}\n\n${sections.join('\n')}`);
}

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, noteModules, 100);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, removeMixins, 90);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, linkNames, 80);
  app.renderer.on(Renderer.EVENT_END, ({ outputDirectory, project }) => {
    const groups = exportsByModule(app.renderer.router, project);
    writeSidebar(outputDirectory, groups);
    writeIndex(outputDirectory, groups);
  });
}
