import { expect, test } from 'vitest';
import { COMMANDS, GROUPS } from '../../packages/cli/src/registry.ts';
import { repositoryFiles, textOf } from './repository.ts';

/** What people are told to type: documents, and what doctor says to mend things with. */
const places = repositoryFiles().filter(
  (path) =>
    (path.endsWith('.md') && path !== 'CHANGELOG.md') ||
    /^packages\/cli\/src\/doctor\/checks\/.*\.ts$/.test(path),
);

/** Flags that every command has. */
const GLOBAL_FLAGS = ['--json', '--help', '--url', '--version'];

interface Call {
  readonly at: string;
  readonly words: readonly string[];
}

/**
 * The calls in a text: in shell blocks and between backticks of a document, and in the strings of a check. A call ends
 * where the shell would end it, or at a comment.
 */
function callsIn(path: string): readonly Call[] {
  const text = textOf(path);
  const isDocument = path.endsWith('.md');
  const blocks = isDocument
    ? [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm), ...text.matchAll(/`([^`\n]*\btillcast [^`\n]*)`/g)]
    : [...text.matchAll(/['"`]([^'"`\n]*\btillcast [^'"`\n]*)['"`]/g)];
  return blocks.flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) =>
      line
        .replaceAll(/"[^"]*"|'[^']*'/g, 'TEXT')
        .replace(/\s#.*$/, '')
        .split(/&&|\|\||[|;,:()]/)
        .flatMap((part) => {
          const words = part.trim().split(/\s+/);
          const start = words.indexOf('tillcast');
          return start < 0 ? [] : [{ at: `${path}: ${part.trim()}`, words: words.slice(start + 1) }];
        }),
    ),
  );
}

const calls = places.flatMap(callsIn);

/** The longest path of words that is a command. */
function commandOf({ words }: Call): (typeof COMMANDS)[number] | undefined {
  const matching = COMMANDS.filter(({ path }) => path.every((word, index) => words[index] === word));
  return matching.toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** A group that is spoken of: `tillcast fleet` shows it. */
function isGroup({ words }: Call): boolean {
  return words.length === 1 && Object.hasOwn(GROUPS, words[0] ?? '');
}

test('[K23] every tillcast command that a document names, or doctor says, exists', () => {
  // Without words it is the program that is spoken of; with flags alone too.
  const named = calls.filter(({ words }) => words[0] !== undefined && /^[a-z]/.test(words[0]));
  expect(named.length).toBeGreaterThan(100);
  const strange = named.filter((call) => commandOf(call) === undefined && !isGroup(call));
  expect(strange.map(({ at }) => at)).toEqual([]);
});

test('[K23] and has the flags that are given to it', async () => {
  const wrong: string[] = [];
  for (const call of calls) {
    const command = await commandOf(call)?.load();
    const flags = [...(command?.flags ?? []).map((flag) => flag.flags.split(' ')[0] ?? ''), ...GLOBAL_FLAGS];
    const used = call.words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '');
    if (command !== undefined && used.some((flag) => !flags.includes(flag))) wrong.push(call.at);
  }
  expect(wrong).toEqual([]);
});

test.each(['docs/troubleshooting.md', 'docs/operating.md'])(
  'every part of %s that says what to do ends in, or holds, a command',
  (path) => {
    const parts = textOf(path)
      .split(/^#{2,3} /m)
      .slice(1)
      .filter((part) => part.trim().includes('\n\n'));
    expect(parts.filter((part) => !part.includes('```sh')).map((part) => part.split('\n')[0])).toEqual([]);
  },
);

test('every metric that docs/operating.md names is one of the backend’s', () => {
  const known = repositoryFiles()
    .filter((path) => /^packages\/backend\/src\/metrics\/.*\.ts$/.test(path))
    .map((path) => textOf(path))
    .join('\n');
  const named = [...textOf('docs/operating.md').matchAll(/`(tillcast_[a-z_]+)/g)].map(
    ([, name = '']) => name,
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !known.includes(`'${name}'`))).toEqual([]);
});
