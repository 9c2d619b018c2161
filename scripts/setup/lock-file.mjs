/**
 * @typedef {object} LockEntry one package of package-lock.json, as far as it is read here
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/**
 * The packages for other platforms that a lock file leaves out. npm does so when the registry it asks does
 * not have them, or when they were not installed while it wrote the file; `npm ci` then refuses the file.
 * @param {Record<string, LockEntry>} packages the lock file's `packages`
 * @returns {Record<string, LockEntry>} what to add to them
 */
export function missingPlatformPackages(packages) {
  /** @type {Record<string, LockEntry>} */
  const missing = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const nested = `${path}/node_modules/${name}`;
      const shared = `node_modules/${name}`;
      if (packages[nested] !== undefined || packages[shared] !== undefined) continue;
      const platform = platformOf(name);
      if (platform === undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue;
      missing[shared] = {
        version,
        ...platform,
        ...(entry.dev === true ? { dev: true } : {}),
        optional: true,
      };
    }
  }
  return missing;
}

/**
 * Reads the platform off a package's name, as in `@scope/binding-linux-x64-musl`.
 * @param {string} name
 * @returns {{ os: string[], cpu: string[], libc?: string[] } | undefined}
 */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  if (os === undefined || cpu === undefined) return undefined;
  if (words.some((word) => word.startsWith('musl'))) return { os: [os], cpu: [cpu], libc: ['musl'] };
  if (words.some((word) => word.startsWith('gnu'))) return { os: [os], cpu: [cpu], libc: ['glibc'] };
  return { os: [os], cpu: [cpu] };
}
