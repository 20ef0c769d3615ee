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

/** Shows the error classes of `@throws {X}`, which TypeDoc leaves out: as links. */
function showThrownTypes({ project }) {
  for (const { comment } of Object.values(project.reflections))
    for (const tag of comment?.blockTags ?? [])
      if (tag.tag === '@throws' && tag.typeAnnotation) {
        const names = tag.typeAnnotation.replace(/[{}]|@link/g, '').split(/[|,]/);
        const links = names.map((name) => ({ kind: 'inline-tag', tag: '@link', text: name.trim() }));
        const between = links.flatMap((link) => [link, { kind: 'text', text: ' ' }]);
        tag.content.unshift(...between);
        delete tag.typeAnnotation;
      }
}

const modules = new Map();
function noteModules({ project }) {
  for (const one of project.children ?? []) modules.set(one, moduleOf(project, one));
}

/** Returns the exports of each module, as text and link, in the order of MODULES. Other names of an export are left out. */
function exportsByModule(router, project) {
  const byModule = new Map();
  for (const one of project.children ?? []) {
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
    'Every export of `linmem`, by module. The guides have examples: see [start here](/guide/start).',
    'Methods for each type, such as `readInt32`, are in [`ScalarMethods`](interfaces/ScalarMethods.md); those for strings in',
    '[`StringMethods`](interfaces/StringMethods.md); those for slices in [`SliceMethods`](interfaces/SliceMethods.md).',
  ];
  writeFileSync(`${out}/index.md`, `${intro[0]}\n\n${intro.slice(1).join('\n')}\n\n${sections.join('\n')}`);
}

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, noteModules, 100);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, removeMixins, 90);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, showThrownTypes, 80);
  app.renderer.on(Renderer.EVENT_END, ({ outputDirectory, project }) => {
    const groups = exportsByModule(app.renderer.router, project);
    writeSidebar(outputDirectory, groups);
    writeIndex(outputDirectory, groups);
  });
}
