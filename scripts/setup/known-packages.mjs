import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @param {string} program
 * @param {readonly string[]} [folders] looked at besides PATH
 * @returns {boolean} whether it is in one of them and may be run
 */
function hasProgram(program, folders = []) {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...path, ...folders].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @returns {string[]} the folders where Debian keeps PostgreSQL's server programs, one for each version
 */
function debianPostgresFolders() {
  const home = '/usr/lib/postgresql';
  return existsSync(home) ? readdirSync(home).map((version) => join(home, version, 'bin')) : [];
}

/** @type {import('./system-packages.mjs').SystemPackage} */
export const rabbitMqPackage = {
  name: 'rabbitmq-server',
  brew: 'rabbitmq',
  what: 'RabbitMQ',
  // Erlang's port mapper comes with it.
  services: ['rabbitmq-server', 'epmd'],
  isThere: () =>
    hasProgram('rabbitmq-server', [
      '/usr/lib/rabbitmq/bin',
      '/usr/sbin',
      '/opt/homebrew/opt/rabbitmq/sbin',
      '/usr/local/opt/rabbitmq/sbin',
    ]),
};

/** @type {import('./system-packages.mjs').SystemPackage} */
export const postgresPackage = {
  name: 'postgresql',
  brew: 'postgresql@17',
  what: 'PostgreSQL',
  services: ['postgresql'],
  isThere: () =>
    hasProgram('initdb', [
      ...debianPostgresFolders(),
      '/opt/homebrew/opt/postgresql@17/bin',
      '/usr/local/opt/postgresql@17/bin',
    ]),
};

/** @type {import('./system-packages.mjs').SystemPackage} */
export const chromiumPackage = {
  name: 'chromium',
  brew: '--cask chromium',
  what: 'Chromium',
  isThere: () =>
    hasProgram('chromium', ['/usr/bin', '/Applications/Chromium.app/Contents/MacOS', '/snap/bin']) ||
    existsSync('/Applications/Chromium.app/Contents/MacOS/Chromium'),
};

/** @type {import('./system-packages.mjs').SystemPackage} */
export const haproxyPackage = {
  name: 'haproxy',
  brew: 'haproxy',
  what: 'HAProxy',
  services: ['haproxy'],
  isThere: () => hasProgram('haproxy', ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']),
};

/**
 * An AMQP client that is not ours, for the attacks on the broker. Debian's Python alone finds Debian's packages.
 * @type {import('./system-packages.mjs').SystemPackage}
 */
export const pikaPackage = {
  name: 'python3-pika',
  brew: 'python (and: python3 -m pip install pika)',
  what: 'Pika for Python',
  isThere: () => spawnSync('/usr/bin/python3', ['-c', 'import pika'], { stdio: 'ignore' }).status === 0,
};
