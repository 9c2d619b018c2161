import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const MARK = 'tillcast-set-up';
const FORBIDDEN = 101;

/**
 * @param {string} path
 * @returns {boolean} also true for a link that leads nowhere
 */
function isThere(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * While packages are installed, keeps Debian from starting their services (policy-rc.d) and from making a
 * default PostgreSQL cluster. What the machine had in their place is put back exactly, also after a set-up
 * that was killed half-way.
 * @param {readonly string[]} services
 * @param {string} [systemRoot] where the system's folders are; another folder in tests
 * @returns {() => void} puts everything back; safe to call twice
 */
export function keepServicesQuiet(services, systemRoot = '/') {
  const policy = join(systemRoot, 'usr/sbin/policy-rc.d');
  const saved = `${policy}.before-${MARK}`;
  const ownPolicy = `${policy}.is-${MARK}`;
  const clusterFolder = join(systemRoot, 'etc/postgresql-common/createcluster.d');
  const clusterFile = join(clusterFolder, `${MARK}.conf`);

  const restore = () => {
    if (isThere(ownPolicy)) {
      rmSync(policy, { force: true });
      if (isThere(saved)) renameSync(saved, policy);
      rmSync(ownPolicy);
    }
    if (isThere(clusterFile)) {
      rmSync(clusterFile);
      try {
        rmdirSync(clusterFolder);
      } catch (error) {
        // Others have their files there: the folder stays.
        if (!(error instanceof Error) || !/ENOTEMPTY|EEXIST/.test(error.message)) throw error;
      }
    }
  };

  restore();
  mkdirSync(clusterFolder, { recursive: true });
  writeFileSync(clusterFile, 'create_main_cluster = false\n');
  const alreadyForbidden =
    existsSync(policy) &&
    services.every((service) => spawnSync(policy, [service, 'start']).status === FORBIDDEN);
  if (!alreadyForbidden) {
    mkdirSync(join(systemRoot, 'usr/sbin'), { recursive: true });
    // The order makes every moment of it recoverable: `restore` acts only while the marker is there.
    if (isThere(policy)) renameSync(policy, saved);
    writeFileSync(ownPolicy, '');
    writeFileSync(policy, `#!/bin/sh\nexit ${FORBIDDEN}\n`);
    chmodSync(policy, 0o755);
  }
  return restore;
}
