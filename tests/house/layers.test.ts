import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, isCode, repositoryFiles, rooms, textOf } from './repository.ts';

/** What a room's shipped code may import of the other rooms. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  broker: ['protocol'],
  backend: ['protocol', 'broker'],
  terminal: ['protocol', 'broker'],
  'till-ui': ['protocol'],
  cli: ['protocol', 'broker', 'backend', 'terminal'],
  testkit: ['protocol', 'broker', 'backend', 'terminal'],
};

const sources = repositoryFiles().filter(
  (path) => /^packages\/[^/]+\/(?:src|bin)\//.test(path) && isCode(path),
);

test('every room has its place in the order of layers', () => {
  expect(rooms).toEqual(Object.keys(MAY_IMPORT).sort());
});

test.each(rooms)('%s imports only the rooms below it', (room) => {
  const allowed = MAY_IMPORT[room] ?? [];
  const breaks = sources
    .filter((path) => path.startsWith(`packages/${room}/`))
    .flatMap((path) => importsOf(path).map((specifier) => ({ path, specifier })))
    .filter(({ specifier }) => {
      const other = /^@tillcast\/([^/]+)/.exec(specifier)?.[1];
      return other !== undefined && other !== room && !allowed.includes(other);
    });
  expect(breaks).toEqual([]);
});

test.each(rooms)(
  '%s declares in its package.json the rooms that it imports, and no others above it',
  (room) => {
    const manifest: { dependencies?: Record<string, string> } = JSON.parse(
      textOf(`packages/${room}/package.json`),
    );
    const declared = Object.keys(manifest.dependencies ?? {})
      .filter((name) => name.startsWith('@tillcast/'))
      .map((name) => name.slice('@tillcast/'.length));
    const allowed = MAY_IMPORT[room] ?? [];
    expect(declared.filter((name) => !allowed.includes(name))).toEqual([]);
  },
);

test('the insides that the simulator drives are for testkit alone', () => {
  const breaks = sources
    .filter((path) => !path.startsWith('packages/testkit/'))
    .filter((path) => importsOf(path).some((specifier) => /^@tillcast\/[^/]+\/internals$/.test(specifier)));
  expect(breaks).toEqual([]);
});

test('no relative import leaves its own package', () => {
  const launchers = /^packages\/cli\/bin\//;
  const escapes = repositoryFiles()
    .filter((path) => path.startsWith('packages/') && isCode(path) && !launchers.test(path))
    .flatMap((path) =>
      importsOf(path)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => ({ path, target: posix.join(posix.dirname(path), specifier) })),
    )
    .filter(({ path, target }) => !target.startsWith(path.split('/').slice(0, 2).join('/') + '/'));
  expect(escapes).toEqual([]);
});

test('relative imports name their file in full', () => {
  const vague = repositoryFiles()
    .filter(isCode)
    .flatMap((path) => importsOf(path).map((specifier) => ({ path, specifier })))
    .filter(
      ({ specifier }) =>
        /^\.\.?\//.test(specifier) && !/\.(?:ts|tsx|mjs|css|json)(?:\?\w+)?$/.test(specifier),
    );
  expect(vague).toEqual([]);
});
