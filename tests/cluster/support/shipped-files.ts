import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const deploy = fileURLToPath(new URL('../../../deploy', import.meta.url));

/** Where the containers find certificates. */
export const MOUNTED_TLS = '/etc/tillcast/tls';

/** The text of a file in deploy/. */
export function shipped(path: string): string {
  return readFileSync(join(deploy, path), 'utf8');
}

const composeSchema = z.object({
  services: z.record(z.string(), z.object({ environment: z.record(z.string(), z.string()).optional() })),
  configs: z.record(z.string(), z.object({ content: z.string() })),
});

const compose = composeSchema.parse(parse(shipped('compose.cluster.yaml'), { merge: true }));

/** `${NAME}`, `${NAME:-default}`, `${NAME:?what to do}`, as compose fills them in. */
function filledIn(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, how: string | undefined, other: string | undefined) => {
      const value = variables[name];
      if (value !== undefined) return value;
      if (how === '-') return other ?? '';
      throw new Error(`compose.cluster.yaml asks for ${name}.`);
    },
  );
}

/** A service's environment as compose makes it of these variables. */
export function environmentOf(
  service: string,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const given = Object.entries(compose.services[service]?.environment ?? {});
  return Object.fromEntries(given.map(([name, value]) => [name, filledIn(value, variables)]));
}

/** The text of an inline configuration as compose makes it of these variables. */
export function configOf(name: string, variables: Readonly<Record<string, string>>): string {
  const config = compose.configs[name];
  if (config === undefined) throw new Error(`compose.cluster.yaml has no configuration ${name}.`);
  return filledIn(config.content, variables);
}
