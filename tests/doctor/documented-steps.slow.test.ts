import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { silentLogger } from '@tillcast/broker';
import { ADMIN_PATHS, activationCodeSchema } from '@tillcast/protocol/http/admin-api';
import { parseTerminalConfig, readIdentity, startTerminal } from '@tillcast/terminal';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { invoke } from '../../packages/cli/test/cli-host.ts';
import { textOf } from '../house/repository.ts';
import { tillFolder } from '../support/activated-tills.ts';
import { becomes, stateOf } from '../support/tills.ts';
import { type Clinic, LICENSE, openClinic, PASSWORDS, withLogin } from './clinic.ts';

/*
 * The commands of docs/troubleshooting.md and docs/operating.md, typed one after the other against a deployment with
 * TLS, PostgreSQL and a till that runs. Only names are put in: the license, terminals, hosts, the database's login.
 */

const OTHER_LICENSE = 'DOCTOR-LIFE-CAFE2';

type Environment = Readonly<Record<string, string>>;

let clinic: Clinic;
let folder: string;
let stopTill: () => Promise<void> = () => Promise.resolve();
/** Terminals to be moved away, each once. */
const spares: string[] = [];
let newTill: Environment;
let spareTill: Environment;
let code = '';

beforeAll(async () => {
  clinic = await openClinic();
  folder = join(clinic.folder, 'operator');
  await mkdir(folder);
  const item = { id: 'P1', name: 'Flat white', price: 3.6, currency: 'GBP' };
  const operations = [{ op: 'put', kind: 'product', item }];
  await clinic.admin('POST', ADMIN_PATHS.changes(LICENSE), { operations });
  const till = await startTerminal(parseTerminalConfig(clinic.tillEnv), { logger: silentLogger });
  stopTill = () => till.stop();
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));
  const created = await clinic.admin('POST', ADMIN_PATHS.activationCode(LICENSE));
  const { activation_code: activationCode } = activationCodeSchema.parse(created);
  for (const name of ['spare-1', 'spare-2']) {
    const spare = tillFolder(join(clinic.folder, name));
    spareTill = { ...clinic.tillEnv, TILLCAST_DATA_DIR: spare.path };
    await spare.activate({ key: LICENSE, activationCode }, clinic.backend.url, name, spareTill);
    spares.push(readIdentity(spare.path)?.terminal_id ?? '');
  }
  newTill = { ...clinic.tillEnv, TILLCAST_DATA_DIR: join(clinic.folder, 'new-till') };
  await clinic.admin('POST', ADMIN_PATHS.licenses, { key: OTHER_LICENSE });
  // As in a deployment that is no minute old: a key signs only when it was long known.
  await sql("UPDATE signing_keys SET created_at = created_at - interval '1 hour'");
  await writePasswords(PASSWORDS);
  await writeBackendEnv();
});
afterAll(async () => {
  await stopTill();
  await clinic[Symbol.asyncDispose]();
});

/** The credentials file that provisioning reads. */
async function writePasswords(passwords: typeof PASSWORDS): Promise<void> {
  const text = `TILLCAST_PUBLISHER_PASSWORD=${passwords['tillcast-publisher']}
TILLCAST_GUARDIAN_PASSWORD=${passwords['tillcast-guardian']}
`;
  await writeFile(join(folder, 'broker.env'), text, { mode: 0o600 });
}

/** The variables of the backend's service, with the passwords of the credentials file. */
async function writeBackendEnv(): Promise<void> {
  const passwords = parseEnv(await readFile(join(folder, 'broker.env'), 'utf8'));
  const { node, backendEnv } = clinic;
  const publisher = passwords['TILLCAST_PUBLISHER_PASSWORD'] ?? '';
  const guardian = passwords['TILLCAST_GUARDIAN_PASSWORD'] ?? '';
  const env: Environment = {
    ...backendEnv,
    AMQP_URL: withLogin(node.amqpUrl, 'tillcast-publisher', publisher),
    RABBITMQ_MANAGEMENT_URL: withLogin(node.managementUrl, 'tillcast-guardian', guardian),
  };
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(folder, 'backend.env'), lines.join(''), { mode: 0o600 });
}

/** The lines of a document's shell blocks, without comments. */
function stepsOf(path: string): readonly string[] {
  return [...textOf(path).matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s#.*$/, '').trim())
    .filter((line) => line !== '');
}

function withNames(line: string): string {
  return line
    .replaceAll('EXTRO-LIFE-ABC123', LICENSE)
    .replaceAll('EXTRO-LIFE-CAFE01', OTHER_LICENSE)
    .replace('change 42', 'change 1')
    .replace('--nodes 3', '--nodes 1')
    .replace('/etc/tillcast/tls/ca.pem', clinic.caFile)
    .replace('postgresql://tillcast@localhost/tillcast_restored', restoredUrl());
}

function restoredUrl(): string {
  const url = new URL(clinic.database.url);
  url.pathname = '/tillcast_restored';
  return url.href;
}

/** What is not ours and is done by another program: the same, as that program does it. */
const FOREIGN: readonly (readonly [RegExp, () => Promise<unknown>])[] = [
  [/^createdb /, () => sql('CREATE DATABASE tillcast_restored')],
  [/^rabbitmqadmin delete exchange /, deleteExchange],
  [/^mv broker\.env /, () => rename(join(folder, 'broker.env'), join(folder, 'broker.env.before'))],
  // Services and clusters are not in this deployment.
  [/^systemctl |^rabbitmqctl /, () => Promise.resolve()],
];

async function sql(statement: string): Promise<void> {
  const client = new Client({ connectionString: clinic.database.url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function deleteExchange(): Promise<void> {
  const { username, password } = clinic.node.credentials;
  const ca = await readFile(clinic.caFile, 'utf8');
  const model = await connect(withLogin(clinic.node.amqpUrl, username, password), { ca });
  await (await model.createChannel()).deleteExchange('pos_license_events');
  await model.close();
}

/** Where a command is typed, and with which variables. */
function environmentOf(words: readonly string[], assigned: Environment): Environment {
  const [first, second] = words;
  if (first === 'terminal' && second === 'activate') {
    return { ...newTill, SYNC_API_URL: clinic.backend.url, TILLCAST_ACTIVATION_CODE: code };
  }
  if (first === 'terminal') return second === 'reset' ? spareTill : clinic.tillEnv;
  const isTills = first === 'doctor' && !words.includes('--env-file') && !words.includes('--attack');
  if (isTills && Object.keys(assigned).length === 0) return clinic.tillEnv;
  return { ...clinic.operatorEnv, ...assigned };
}

async function take(line: string): Promise<void> {
  const foreign = FOREIGN.find(([pattern]) => pattern.test(line));
  if (foreign !== undefined) {
    await foreign[1]();
    return;
  }
  const words = withNames(line).split(/\s+/);
  const start = words.indexOf('tillcast');
  expect(start, line).toBeGreaterThanOrEqual(0);
  const assigned = Object.fromEntries(words.slice(0, start).map((word) => word.split(/=(.*)/).slice(0, 2)));
  const argv = words.slice(start + 1);
  const id = argv.findIndex((word) => /^[0-9a-f-]{36}$/.test(word));
  const spare = id < 0 ? undefined : spares.shift();
  const asked = spare === undefined ? argv : argv.with(id, spare);
  const sure = asked.join(' ') === 'terminal reset' ? [...asked, '--yes'] : asked;
  const env = environmentOf(asked, assigned);
  const ran = await invoke(sure, { env, cwd: folder });
  expect(ran.code, `${line} ended with ${ran.code}: ${ran.out}${ran.err}`).toBe(0);
  code = /Activation code +(\S+)/.exec(ran.out)?.[1] ?? code;
  if (asked[0] === 'broker' && asked[1] === 'provision') await writeBackendEnv();
}

test.each(['docs/troubleshooting.md', 'docs/operating.md'])(
  '[K23] every step of %s can be taken, in its order, and ends well',
  async (path) => {
    const steps = stepsOf(path);
    expect(steps.length).toBeGreaterThan(25);
    for (const line of steps) await take(line);
  },
  300_000,
);
