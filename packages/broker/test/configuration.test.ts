import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { TillcastError } from '@tillcast/protocol/errors';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type BrokerConfig, readBrokerConfig } from '../src/configuration/broker-config.ts';
import { type Environment, EnvironmentReader, entriesOf } from '../src/configuration/environment-reader.ts';
import { createLogger } from '../src/configuration/json-logger.ts';
import { readUnknownVariables, strangeVariables } from '../src/configuration/known-variables.ts';
import { readLogLevel } from '../src/configuration/log-level.ts';
import { slipsBetween, suggestionFor } from '../src/configuration/misspelling.ts';

const folder = mkdtempSync(join(tmpdir(), 'tillcast-configuration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What one reading gives, or by variable what is wrong with it. */
function reading<T>(
  environment: Environment,
  read: (reader: EnvironmentReader) => T,
): { readonly value: T; readonly problems: Readonly<Record<string, string>> } {
  const reader = new EnvironmentReader(environment);
  const value = read(reader);
  try {
    reader.finish('The configuration');
    return { value, problems: {} };
  } catch (error) {
    if (!(error instanceof TillcastError) || error.code !== 'configuration_invalid') throw error;
    const { message, details } = error;
    // People read the message, programs the details: what does not stand in both is not found.
    const said = details.filter(({ pointer, detail }) => message.includes(`\n  ${pointer} ${detail}`));
    return { value, problems: Object.fromEntries(said.map(({ pointer, detail }) => [pointer, detail])) };
  }
}

// Plain text to other machines has its own tests.
const ALLOWED = { TILLCAST_PLAINTEXT: 'allowed' };

const broker = (environment: Environment): BrokerConfig => {
  const { value, problems } = reading({ ...ALLOWED, ...environment }, readBrokerConfig);
  expect(problems).toEqual({});
  return value;
};

const brokerProblems = (environment: Environment): Readonly<Record<string, string>> =>
  reading({ ...ALLOWED, ...environment }, readBrokerConfig).problems;

describe('numbers and words', () => {
  const port = { min: 1, max: 65_535, fallback: 8101 };

  test.each(['-1', '0', '1.5', '0x10', '1e3', '80a', 'NaN', '65536', '99999999999999999999'])(
    'the number %j is refused',
    (text) => {
      const { problems } = reading({ PORT: text }, (reader) => reader.integer('PORT', port));
      expect(problems).toEqual({
        PORT: `must be a whole number from 1 to 65535, not "${text}" (not set: 8101)`,
      });
    },
  );

  test.each([
    ['1', 1],
    [' 080 ', 80],
    ['65535', 65_535],
    ['', 8101],
    [' ', 8101],
    [undefined, 8101],
  ])('the number %j is %i', (text, number) => {
    const given = reading({ PORT: text }, (reader) => reader.integer('PORT', port));
    expect(given).toEqual({ value: number, problems: {} });
  });

  test('a log level is one of the known ones, info where none is set', () => {
    expect(reading({}, readLogLevel).value).toBe('info');
    expect(reading({ LOG_LEVEL: 'silent' }, readLogLevel)).toEqual({ value: 'silent', problems: {} });
    expect(reading({ LOG_LEVEL: 'loud' }, readLogLevel).problems['LOG_LEVEL']).toMatch(
      /^must be one of trace, debug, info, .*, not "loud" \(not set: info\)$/,
    );
  });

  test('a value that is shown is cut short, and its control characters are escaped', () => {
    const { problems } = reading({ LOG_LEVEL: `\u001B[31m${'x'.repeat(200)}` }, readLogLevel);
    expect(problems['LOG_LEVEL']).toMatch(/"\\u001b\[31mx{75}…"/);
  });

  test('a list is without blanks and without empty entries', () => {
    expect(entriesOf(' a, b,,c , ')).toEqual(['a', 'b', 'c']);
    expect(entriesOf(null)).toEqual([]);
  });
});

describe('secrets', () => {
  const secret = (environment: Environment): ReturnType<typeof reading<string | null>> =>
    reading(environment, (reader) => reader.secret('KEY'));

  test('a secret stands in a variable or in a file, whose last newline is not part of it', () => {
    expect(secret({ KEY: 'plain' })).toEqual({ value: 'plain', problems: {} });
    expect(secret({ KEY_FILE: fileWith('key', 'from file\n') })).toEqual({
      value: 'from file',
      problems: {},
    });
    expect(secret({ KEY: '', KEY_FILE: ' ' })).toEqual({ value: null, problems: {} });
  });

  test('a file that is not there, is empty, or stands beside the variable is a problem', () => {
    expect(secret({ KEY_FILE: join(folder, 'nowhere') }).problems['KEY_FILE']).toMatch(
      /cannot be read: ENOENT.*nowhere/,
    );
    expect(secret({ KEY_FILE: folder }).problems['KEY_FILE']).toContain('cannot be read: EISDIR');
    expect(secret({ KEY_FILE: fileWith('empty', '\n') }).problems).toEqual({
      KEY_FILE: 'names a file that is empty',
    });
    expect(secret({ KEY: 'one', KEY_FILE: fileWith('two', 'two') }).problems).toEqual({
      KEY: 'is set, and so is KEY_FILE; keep one of the two',
    });
  });

  test('a secret whose file is no good is set all the same', () => {
    const isSet = (environment: Environment): boolean => new EnvironmentReader(environment).hasSecret('KEY');
    expect(isSet({ KEY_FILE: join(folder, 'nowhere') })).toBe(true);
    expect(isSet({ KEY: 'x' })).toBe(true);
    expect(isSet({ KEY: '', KEY_FILE: '' })).toBe(false);
  });
});

describe('the broker', () => {
  test('without a variable it is at RabbitMQ’s own defaults on this machine', () => {
    expect(broker({})).toEqual({ urls: ['amqp://guest:guest@127.0.0.1:5672/%2F'], caPem: null });
  });

  test('it may be named by its parts, which are escaped in the address', () => {
    const parts = {
      RABBITMQ_HOST: 'broker.example',
      RABBITMQ_PORT: '5673',
      RABBITMQ_USER: 'a@b c',
      RABBITMQ_PASS_FILE: fileWith('pass', 'p:/?#%\n'),
      RABBITMQ_VHOST: 'tills/1',
    };
    expect(broker(parts).urls).toEqual(['amqp://a%40b%20c:p%3A%2F%3F%23%25@broker.example:5673/tills%2F1']);
    expect(broker({ RABBITMQ_HOST: '::1' }).urls).toEqual(['amqp://guest:guest@[::1]:5672/%2F']);
  });

  test.each(['a/b', 'amqp://a', 'a:5672', 'a@b', 'a b', 'a?b', 'a#b', '['])(
    'the host %j is refused',
    (host) => {
      expect(brokerProblems({ RABBITMQ_HOST: host })).toEqual({
        RABBITMQ_HOST: expect.stringContaining(`not ${JSON.stringify(host)}`),
      });
    },
  );

  test('several addresses may stand in AMQP_URL, or in its file', () => {
    const urls = ['amqp://u:secret@one/v', 'amqps://u:secret@two:5671/v'];
    expect(broker({ AMQP_URL: `${urls.join(' ,\n')},` }).urls).toEqual(urls);
    expect(broker({ AMQP_URL_FILE: fileWith('urls', `${urls.join(',')}\n`) }).urls).toEqual(urls);
  });

  test.each(['http://u:secret@one', 'secret', 'amqp://', 'amqp://u:secret%@one', 'amqp://u:secret@one/%zz'])(
    'the address %j is refused, and not shown',
    (url) => {
      const problems = brokerProblems({ AMQP_URL: `amqp://one,${url}` });
      expect(problems).toEqual({ AMQP_URL: expect.stringMatching(/the second of 2 is not$/) });
      expect(JSON.stringify(problems)).not.toContain('secret');
    },
  );

  test('AMQP_URL without an address is refused', () => {
    expect(brokerProblems({ AMQP_URL: ' , ' })).toEqual({
      AMQP_URL: expect.stringMatching(/it holds none$/),
    });
  });

  test('beside AMQP_URL or its file the parts are refused', () => {
    expect(brokerProblems({ AMQP_URL: 'amqp://one', RABBITMQ_HOST: 'two', RABBITMQ_PASS_FILE: 'x' })).toEqual(
      { AMQP_URL: 'is set, and so is RABBITMQ_HOST, RABBITMQ_PASS_FILE; keep one way or the other' },
    );
    const unreadable = { AMQP_URL_FILE: join(folder, 'nowhere'), RABBITMQ_PORT: 'x' };
    expect(Object.keys(brokerProblems(unreadable))).toEqual(['AMQP_URL', 'AMQP_URL_FILE']);
  });

  test('the authorities are certificates in PEM, one or several', () => {
    const [one = '', two = ''] = rootCertificates;
    const pem = `A comment\n${one}\n${two}\n`;
    expect(broker({ AMQP_CA_FILE: fileWith('ca.pem', pem) }).caPem).toBe(pem);
  });

  test('authorities that cannot be read, are none or are damaged are refused', () => {
    const of = (content: string): string | undefined =>
      brokerProblems({ AMQP_CA_FILE: fileWith('bad.pem', content) })['AMQP_CA_FILE'];
    const [one = ''] = rootCertificates;
    expect(of('')).toBe('names a file that holds no certificate in PEM');
    expect(of('-----BEGIN PRIVATE KEY-----')).toContain('no certificate');
    expect(of(one.slice(0, 500))).toContain('no certificate');
    expect(of(`${one}\n${one.replace(/\n.{20}/, '\n')}`)).toContain('second certificate cannot be read');
    expect(brokerProblems({ AMQP_CA_FILE: join(folder, 'nowhere') })['AMQP_CA_FILE']).toContain('ENOENT');
  });
});

describe('unknown variables', () => {
  test.each([
    ['TILLCAST_API_KYE', 'TILLCAST_API_KEY'],
    ['TILLCAST_APIKEY', 'TILLCAST_API_KEY'],
    ['TILLCAST_API_KEY_FLIE', 'TILLCAST_API_KEY_FILE'],
    ['TILLCAST_DATADIR', 'TILLCAST_DATA_DIR'],
    ['TILLCAST_ULR', 'TILLCAST_URL'],
    ['TILLCAST_RABITMQ', 'TILLCAST_RABBITMQ'],
  ])('%s is refused: %s may be meant', (name, meant) => {
    expect(reading({ [name]: 'x' }, readUnknownVariables).problems).toEqual({
      [name]: `is not a variable of Tillcast; did you mean ${meant}?`,
    });
  });

  test('one that resembles nothing is only returned; known ones, the tests’ and others’ are left alone', () => {
    const environment = {
      TILLCAST_SOMETHING_ELSE: '1',
      TILLCAST_ENV: '1',
      TILLCAST_URL: '1',
      TILLCAST_TEST_RUN: '1',
      OTHER_ULR: '1',
    };
    expect(reading(environment, readUnknownVariables)).toEqual({
      value: ['TILLCAST_ENV', 'TILLCAST_SOMETHING_ELSE'],
      problems: {},
    });
  });

  test.each(['DATABSE_URL', 'AMQP_ULR', 'LICENCE_KEY', 'RABBITMQ_HOSTS', 'SYNC_APIURL'])(
    '%s may be a slip, or somebody else’s: it is returned, unless the right one is set as well',
    (name) => {
      const { value, problems } = reading({ [name]: 'x' }, readUnknownVariables);
      expect({ value, problems }).toEqual({ value: [name], problems: {} });
      const [{ meant } = { meant: null }] = strangeVariables([name]);
      expect(strangeVariables([name, meant ?? ''])).toEqual([]);
    },
  );

  test('what RabbitMQ, TLS libraries and shells read is nobody’s slip', () => {
    const others = ['RABBITMQ_HOME', 'RABBITMQ_BASE', 'SSL_CERT_FILE', 'HOST', 'HOME', 'PORT', 'LOGLEVELS'];
    expect(strangeVariables(others)).toEqual([]);
  });

  test('the nearest word is suggested', () => {
    expect(suggestionFor('API_KEY_FIL', ['API_KEY', 'API_KEY_FILE'])).toBe('API_KEY_FILE');
    expect(suggestionFor('', ['URL'])).toBe(null);
  });

  test('slips are as many one way as the other, none between equals, one for each made', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, fc.nat(), fc.constantFrom('#', ''), (a, b, at, letter) => {
        expect(slipsBetween(a, b)).toBe(slipsBetween(b, a));
        expect(slipsBetween(a, b) === 0).toBe(a === b);
        const place = at % (a.length + 1);
        const slipped = a.slice(0, place) + letter + a.slice(place + 1);
        expect(slipsBetween(a, slipped)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the log', () => {
  const lines: string[] = [];
  const logger = createLogger(
    { service: 'tillcast-test', level: 'info' },
    { write: (line) => void lines.push(line) },
  );

  test('a line is JSON with service, level by name and time in ISO 8601; below the level nothing is said', () => {
    lines.length = 0;
    logger.debug({}, 'unsaid');
    logger.warn({ variable: 'X' }, 'said');
    const line: Record<string, unknown> = JSON.parse(lines.join(''));
    expect(line).toMatchObject({
      level: 'warn',
      service: 'tillcast-test',
      pid: process.pid,
      variable: 'X',
      msg: 'said',
    });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('secrets are left out, wherever they stand', () => {
    lines.length = 0;
    const headers = { authorization: 'Bearer hunter2' };
    logger.info({ password: 'hunter2', one: { apiKey: 'hunter2' }, two: { headers } }, 'said');
    expect(lines.join('')).toContain('[secret]');
    expect(lines.join('')).not.toContain('hunter2');
  });
});
