import { execFile } from 'node:child_process';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testAuthority } from '../../support/certificates.ts';
import type { PlantedFault } from '../planted.ts';

const run = promisify(execFile);

export const MACHINE_FAULTS: readonly PlantedFault[] = [
  {
    name: 'a misspelt variable of ours',
    at: 'backend',
    plant: () => ({ env: { TILLCAST_PUBLIC_ULR: 'https://pos.example.com' } }),
    check: 'variables',
    says: /TILLCAST_PUBLIC_ULR: set, and nothing reads it/,
  },
  {
    name: 'a misspelt variable with which the backend would not start',
    at: 'backend',
    plant: () => ({ env: { TILLCAST_PUBLIC_ULR: 'https://pos.example.com' } }),
    check: 'configuration',
    says: /TILLCAST_PUBLIC_ULR: is not a variable of Tillcast; did you mean TILLCAST_PUBLIC_URL/,
  },
  {
    name: 'a misspelt variable without our prefix',
    at: 'till',
    plant: () => ({ env: { LICENCE_KEY: 'EXTRO-LIFE-ABC123' } }),
    check: 'variables',
    grade: 'warning',
    says: /LICENCE_KEY: set, and nothing reads it/,
  },
  {
    name: 'a variable that nobody knows',
    at: 'till',
    plant: () => ({ env: { TILLCAST_FROBNICATE: '1' } }),
    check: 'variables',
    grade: 'warning',
    says: /TILLCAST_FROBNICATE/,
  },
  {
    name: 'an address that would carry passwords in plain text',
    at: 'backend',
    plant: () => ({ env: { HOST: '0.0.0.0', TLS_CERT_FILE: '', TLS_KEY_FILE: '' } }),
    check: 'configuration',
    says: /HOST: would serve "0\.0\.0\.0" in plain text/,
  },
  {
    name: 'a certificate that has expired, with which the backend would not start',
    at: 'backend',
    plant: async () => {
      const authority = await testAuthority();
      const { certFile, keyFile } = await authority.server('expired', { expired: true });
      return {
        env: { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile },
        heal: () => authority[Symbol.asyncDispose](),
      };
    },
    check: 'configuration',
    says: /TLS_CERT_FILE: names a certificate that expired at/,
  },
  {
    name: 'a certificate whose key is another one',
    at: 'backend',
    plant: ({ folder }) => ({ env: { TLS_KEY_FILE: join(folder, 'tls', 'rabbitmq.key.pem') } }),
    check: 'configuration',
    says: /TLS_KEY_FILE: names a key that is not the one of the certificate/,
  },
];

/** Needs the right to mount a file system. */
export const FULL_DISK: PlantedFault = {
  name: 'a full disk',
  at: 'till',
  plant: async ({ folder }) => {
    const path = join(folder, 'small-disk');
    await mkdir(path);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tillcast-test', path]);
    return {
      argv: ['--data-dir', path],
      heal: async () => {
        await run('umount', [path]);
        await rmdir(path);
      },
    };
  },
  check: 'disk',
  says: /small-disk: 1\.0 MB free/,
};
