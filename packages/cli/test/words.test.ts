import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/registry.ts';
import { invoke } from './cli-host.ts';

const LICENSE = 'EXTRO-LIFE-ABC123';
const PRICE = ['publish', 'price', '--license', LICENSE, '--product', 'tea', '--price', '2.95'];

/** The same words with one flag's value replaced. */
function withFlag(words: readonly string[], flag: string, value: string): readonly string[] {
  const at = words.indexOf(flag);
  return at < 0 ? [...words, flag, value] : words.with(at + 1, value);
}

describe('help', () => {
  test.each(COMMANDS.map(({ path }) => path.join(' ')))(
    'of %s shows examples first, then usage and flags',
    async (text) => {
      const words = text.split(' ');
      const { code, out, err } = await invoke([...words, '--help']);
      expect(code).toBe(0);
      expect(err).toBe('');
      expect(out.indexOf('Examples:')).toBe(0);
      expect(out.indexOf(`Usage: tillcast ${words.join(' ')}`)).toBeGreaterThan(0);
      expect(out).toContain('--json');
    },
  );

  test('lists every command with its summary', async () => {
    const { out } = await invoke(['--help']);
    for (const word of new Set(COMMANDS.map(({ path }) => path[0])))
      expect(out).toMatch(new RegExp(`^  ${word} `, 'm'));
    expect(out).toContain('Exit codes:');
  });

  test('of a group is shown on stderr when its second word is missing, and the exit code is 2', async () => {
    const { code, out, err } = await invoke(['license']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('suspend');
  });

  test('every example is a command that exists, with flags that it has', async () => {
    for (const { path, load } of COMMANDS) {
      const { examples, flags } = await load();
      const known = [...flags.map((flag) => flag.flags.split(' ')[0] ?? ''), '--json', '--url'];
      // What an example does besides, before or after, is not ours.
      const commands = examples.flatMap((example) => example.split(/ (?:&&|;|\|) /));
      for (const example of commands.filter((each) => each.includes(`tillcast ${path.join(' ')}`))) {
        const used = example.replaceAll(/"[^"]*"|'[^']*'/g, '').match(/ --[a-z-]+/g) ?? [];
        expect(known).toEqual(expect.arrayContaining(used.map((flag) => flag.trim())));
      }
    }
  });
});

describe('words that are not understood', () => {
  test('[K1] a misspelt command gets a suggestion and exit code 2', async () => {
    const { code, err } = await invoke(['publsh']);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean publish?');
  });

  test('a misspelt flag gets a suggestion, not a complaint about the right one', async () => {
    const { code, err } = await invoke(['publish', 'price', '--lisence', LICENSE]);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean --license?');
  });

  test('[K3] a missing flag is named', async () => {
    const { code, err } = await invoke(['publish', 'price', '--license', LICENSE]);
    expect(code).toBe(2);
    expect(err).toContain('--product <id> is needed');
  });

  test('a missing argument and one too many are usage errors', async () => {
    expect((await invoke(['license', 'show'])).code).toBe(2);
    expect((await invoke(['license', 'show', LICENSE, 'more'])).code).toBe(2);
  });

  test('no words at all show the help on stderr with exit code 2', async () => {
    const { code, out, err } = await invoke([]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: tillcast');
  });
});

describe('values are checked before anything is sent', () => {
  // Port 9: a request would end with exit code 6.
  const env = { TILLCAST_URL: 'http://127.0.0.1:9', TILLCAST_API_KEY: 'k'.repeat(30) };

  test('a good command reaches for the backend', async () => {
    const { code, err } = await invoke(PRICE, { env });
    expect(code).toBe(6);
    expect(err).toContain('cannot be reached (connection refused)');
  });

  test.each([
    'a.b',
    'EXTRO-LIFE-*',
    'extro-life-abc',
    'EXTRO LIFE',
    'A',
    'EXTRO-LIFE-\0',
    'EXTRO-LIFE-ABC\n',
  ])('license key %j', async (key) => {
    const { code, err } = await invoke(withFlag(PRICE, '--license', key), { env });
    expect(code).toBe(2);
    expect(err).toContain('License key');
  });

  test.each(['-1', 'NaN', 'Infinity', '1e3', '2,95', '', ' ', '0x10', '2.9999', '99999999999999999'])(
    'price %j',
    async (price) => {
      expect((await invoke(withFlag(PRICE, '--price', price), { env })).code).toBe(2);
    },
  );

  test('[K3] a price too precise for the currency that is given', async () => {
    const { code, err } = await invoke([...withFlag(PRICE, '--price', '2.5'), '--currency', 'JPY'], { env });
    expect(code).toBe(2);
    expect(err).toContain('0 decimal digits');
  });

  test.each([
    ['a currency in small letters', [...PRICE, '--currency', 'gbp'], 'did you mean GBP?'],
    ['a product id with a space at its end', withFlag(PRICE, '--product', 'tea '), 'not an item’s id'],
    ['an address that is none', [...PRICE, '--url', 'localhost:8080'], 'http://host:port'],
    ['a kind that is none', ['publish', 'delete', 'gadget', 'x', '--license', LICENSE], 'Allowed choices'],
    [
      'a duration that is none',
      ['broadcast', 'system_notice', '--message', 'x', '--expires-in', '5 weeks'],
      '30m',
    ],
    ['an empty notice', ['broadcast', 'system_notice', '--message', ' '], '1 to 500 characters'],
    [
      'a day that does not exist',
      ['license', 'create', LICENSE, '--valid-until', '2027-02-30'],
      '--valid-until',
    ],
    ['a speed of nought', ['replay', 'x.csv', '--license', LICENSE, '--speed', '0'], '--speed'],
    ['an item that is not JSON', ['publish', 'product', '--license', LICENSE, '--item', '{'], 'not JSON'],
    [
      'an item without a name',
      ['publish', 'category', '--license', LICENSE, '--item', '{"id":"x"}'],
      '/name',
    ],
    [
      'a PIN instead of its hash',
      ['publish', 'user', '--license', LICENSE, '--item', '{"id":"x","name":"X","pin_hash":"1234"}'],
      'never send a PIN',
    ],
    ['two ports for three services', ['up', '--till-ports', '8101'], 'takes two ports'],
    ['one port twice', ['up', '--till-ports', '8080,8102'], 'three ports'],
  ])('%s', async (_, words, said) => {
    const { code, out, err } = await invoke(words, { env });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });
});

describe('output', () => {
  test('[K2] an error with --json is one JSON line on stderr, and stdout stays empty', async () => {
    const { code, out, err } = await invoke([...withFlag(PRICE, '--license', 'x.y'), '--json']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'license_key_malformed' } });
  });

  test('the stack is shown with LOG_LEVEL=debug and not without', async () => {
    const words = withFlag(PRICE, '--license', 'x.y');
    expect((await invoke(words)).err).not.toContain(' at ');
    expect((await invoke(words, { env: { LOG_LEVEL: 'debug' } })).err).toContain(' at ');
  });

  test('without an API key it is said where one may come from, with exit code 4', async () => {
    const { code, err } = await invoke(['license', 'list'], { cwd: '/' });
    expect(code).toBe(4);
    expect(err).toContain('TILLCAST_API_KEY');
  });

  test('--version is the package’s', async () => {
    expect((await invoke(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('the completion scripts are scripts, and know every command', async () => {
    const { out } = await invoke(['completion', 'bash']);
    await promisify(execFile)('bash', ['-n', '-c', out]);
    for (const { path } of COMMANDS) expect(out).toContain(path.at(-1));
    expect((await invoke(['completion', 'zsh'])).out).toMatch(/^#compdef tillcast\n/);
  });
});
