import { expect, test } from 'vitest';
import { isCode, repositoryFiles, rooms, textOf } from './repository.ts';

const MAX_LINES = 400;
const files = repositoryFiles();
const code = files.filter(isCode);
const text = files.filter((path) =>
  /\.(?:ts|tsx|mts|js|mjs|json|jsonc|md|yaml|yml|css|html|sql|sh|conf)$/.test(path),
);

function filesWith(pattern: RegExp, among: readonly string[] = text): string[] {
  return among.filter((path) => pattern.test(textOf(path)));
}

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = code.filter((path) => textOf(path).split('\n').length > MAX_LINES);
  expect(long).toEqual([]);
});

test('no file names a folder of the machine that it was written on', () => {
  const home = ['', 'root', ''].join('/');
  const people = /(?:^|[\s'"`(=])\/(?:home|Users)\/[a-z]/;
  expect(filesWith(people)).toEqual([]);
  expect(text.filter((path) => textOf(path).includes(home))).toEqual([]);
  expect(filesWith(/(?:^|[\s'"`(=])\/(?:work|tmp)\/\w/m)).toEqual([]);
});

test('no file says where packages or images are downloaded from, npm configuration included', () => {
  const configuration = files.filter((path) => /(?:^|\/)\.npmrc$/.test(path));
  expect(filesWith(/registry\s*=/, configuration)).toEqual([]);
});

test.each(rooms)('%s says in its package.json what it is', (room) => {
  const manifest: Record<string, unknown> = JSON.parse(textOf(`packages/${room}/package.json`));
  expect(manifest['name']).toBe(`@tillcast/${room}`);
  expect(String(manifest['description'])).toMatch(/^[A-Z].{15,}\.$/);
  expect(manifest['license']).toBe('Apache-2.0');
  expect(manifest['type']).toBe('module');
  expect(manifest['private']).toBe(true);
});

test('dependencies are named by their exact versions', () => {
  const manifests = files.filter((path) => /(?:^|\/)package\.json$/.test(path));
  const ranges = manifests.flatMap((path) => {
    const manifest: Record<string, Record<string, string> | undefined> = JSON.parse(textOf(path));
    return Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] })
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${path}: ${name} ${version}`);
  });
  expect(ranges).toEqual([]);
});

test('nothing is left for later: no to-do marks, no tests set aside', () => {
  const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX:'].join('|'));
  expect(filesWith(marks, [...code, ...files.filter((path) => path.endsWith('.md'))])).toEqual([]);
  const setAside = /\b(?:test|it|describe)\.(?:only|skip|todo|fails)\s*\(/;
  expect(filesWith(setAside, code)).toEqual([]);
});

test('the compiler is never silenced', () => {
  const silencer = new RegExp(['@ts-ig' + 'nore', '@ts-no' + 'check', '@ts-expect-er' + 'ror'].join('|'));
  expect(filesWith(silencer, code)).toEqual([]);
});

test('nothing is swallowed: no empty catch, and a rejection is ignored only with the reason above it', () => {
  expect(filesWith(/catch\s*(?:\([^)]*\))?\s*\{\s*\}/, code)).toEqual([]);
  const ignored = code.flatMap((path) => {
    const lines = textOf(path).split('\n');
    return lines
      .map((line, index) => ({ line, above: lines[index - 1] ?? '', at: `${path}:${index + 1}` }))
      .filter(({ line }) => /\.catch\(\(\)\s*=>\s*(?:\{\s*\}|undefined|null)\)/.test(line))
      .filter(({ above }) => !/^\s*(?:\/\/|\*)/.test(above))
      .map(({ at }) => at);
  });
  expect(ignored).toEqual([]);
});
