import { expect, test } from 'vitest';
import { isInstalled } from '../setup/dependencies.mjs';
import { missingPlatformPackages } from '../setup/lock-file.mjs';
import { npmErrors } from '../setup/npm.mjs';
import { howToInstall } from '../setup/system-packages.mjs';
import { summarize } from '../setup/test-summary.mjs';
import { findNode } from '../setup/toolchain.mjs';

const here = { os: 'linux', cpu: 'x64' };

test('what is installed must be what is locked, version by version', () => {
  const locked = { '': {}, 'node_modules/zod': { version: '4.6.7' }, 'packages/cli': { version: '0.1.0' } };
  expect(isInstalled(locked, { 'node_modules/zod': { version: '4.6.7' } }, here)).toBe(true);
  expect(isInstalled(locked, { 'node_modules/zod': { version: '4.6.6' } }, here)).toBe(false);
  expect(isInstalled(locked, {}, here)).toBe(false);
});

test('an optional package may be missing for another platform, and not for this one', () => {
  const optional = (os: string, cpu: string, libc: string[] = []): object => ({
    'node_modules/native': { version: '1.0.0', optional: true, os: [os], cpu: [cpu], libc },
  });
  expect(isInstalled({ ...optional('darwin', 'arm64') }, {}, here)).toBe(true);
  expect(isInstalled({ ...optional('linux', 'x64', ['musl']) }, {}, here)).toBe(true);
  expect(isInstalled({ ...optional('linux', 'x64', ['glibc']) }, {}, here)).toBe(false);
});

test('packages of other platforms that the lock file leaves out are named with their platform', () => {
  const packages = {
    'node_modules/lint': {
      dev: true,
      optionalDependencies: {
        '@lint/linux-x64-musl': '1.2.3',
        '@lint/win32-x64-msvc': '1.2.3',
        extras: '^2.0.0',
      },
    },
    'node_modules/@lint/win32-x64-msvc': { version: '1.2.3' },
  };
  expect(missingPlatformPackages(packages)).toEqual({
    'node_modules/@lint/linux-x64-musl': {
      version: '1.2.3',
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
      dev: true,
      optional: true,
    },
  });
});

test('the summary counts tests, and never says that nothing failed when something did', () => {
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [] };
  expect(summarize(report, { exitCode: 0, checkFailed: false }).line).toBe('3 passed, 0 failed');
  expect(summarize(report, { exitCode: 1, checkFailed: false }).line).toBe('3 passed, 1 failed');
  expect(summarize(report, { exitCode: 0, checkFailed: true }).line).toBe('3 passed, 1 failed');
  expect(summarize(undefined, { exitCode: 1, checkFailed: false }).line).toBe('0 passed, 1 failed');
  const unloadable = { name: 'a.test.ts', status: 'failed', assertionResults: [] };
  const broken = { numPassedTests: 1, numFailedTests: 0, testResults: [unloadable] };
  expect(summarize(broken, { exitCode: 1, checkFailed: false })).toMatchObject({
    line: '1 passed, 1 failed',
    notes: ['Could not be run: a.test.ts'],
  });
});

test('of what npm writes, a person is shown what is wrong', () => {
  const output = [
    'npm warn old lockfile',
    'npm error code E404',
    'npm error 404 Not Found - x@1.0.0',
    'npm error',
    'npm error A complete log of this run can be found in: somewhere',
  ].join('\n');
  expect(npmErrors(output)).toBe('  code E404\n  404 Not Found - x@1.0.0');
  expect(npmErrors('killed')).toBe('  killed');
});

test('a machine where nothing can be installed is told what to install, and how', () => {
  const rabbitMq = { name: 'rabbitmq-server', brew: 'rabbitmq', what: 'RabbitMQ', isThere: () => false };
  const message = howToInstall([rabbitMq], 'Tillcast runs on');
  expect(message).toContain('Tillcast runs on RabbitMQ, and this machine does not have it.');
  expect(message).toContain('sudo apt-get install --no-install-recommends rabbitmq-server');
  expect(message).toContain('brew install rabbitmq');
});

test('the Node that runs the tests is one that runs the project', () => {
  expect(findNode()).toBe(process.execPath);
});
