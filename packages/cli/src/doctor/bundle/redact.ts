import { readFileSync } from 'node:fs';

type Environment = Readonly<Record<string, string | undefined>>;

/** What takes the place of a secret. */
export const REDACTED = '[secret]';

/** Shorter ones would take ordinary words with them; a password in an address is taken out by its place. */
const SECRET_MIN_LENGTH = 6;

/** Names of variables, and of fields, that hold secrets. */
const SECRET_NAME = /PASS|SECRET|TOKEN|API_KEY|CREDENTIAL|ACTIVATION_CODE|PRIVATE|_AUTH$/i;
/** Ours that match and hold none. */
const HARMLESS = ['TILLCAST_AUTH', 'TILLCAST_TOKEN_LIFETIME_S'];
/** Addresses with a login. */
const URL_NAME = /_URLS?$/;

/** What a secret looks like wherever it comes from. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, REDACTED],
  // The user stays: who it is matters.
  [/([a-z][a-z\d+.-]*:\/\/[^\s/:@"']*):[^\s@"']+@/gi, `$1:${REDACTED}@`],
  [/\b(Bearer|bearer|Basic) [\w.~+/=-]{8,}/g, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED],
  [
    /("(?:\w*(?:password|secret|token|api_key|passphrase|private)\w*|d|k|pin_hash)"\s*:\s*)"[^"]*"/gi,
    `$1"${REDACTED}"`,
  ],
];

/** Takes secrets out of texts. */
export interface Redactor {
  text(text: string): string;
  /** The variables with the values of those that hold secrets left out. */
  environment(): Readonly<Record<string, string>>;
}

/**
 * A redactor that knows the secrets of an environment, those in its files (`…_FILE`) and further ones, in the forms
 * in which they may turn up: as they are, percent-encoded, in base64. What merely looks like a secret goes, too.
 */
export function createRedactor(env: Environment, further: readonly string[] = []): Redactor {
  const secrets = [...secretsOf(env), ...further].flatMap(formsOf);
  // The longest first: one may be a part of another.
  const known = [...new Set(secrets)]
    .filter((secret) => secret.length >= SECRET_MIN_LENGTH)
    .toSorted((a, b) => b.length - a.length);
  const text = (raw: string): string => {
    const without = known.reduce((result, secret) => result.replaceAll(secret, REDACTED), raw);
    return PATTERNS.reduce((result, [pattern, instead]) => result.replace(pattern, instead), without);
  };
  const environment = (): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, isSecret(name) ? REDACTED : text(value)]],
      ),
    );
  return { text, environment };
}

function isSecret(name: string): boolean {
  return !HARMLESS.includes(name) && !name.endsWith('_FILE') && SECRET_NAME.test(name);
}

function secretsOf(env: Environment): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || value.trim() === '') return [];
    const isFile = name.endsWith('_FILE');
    const base = isFile ? name.slice(0, -'_FILE'.length) : name;
    const content = isFile ? contentOf(value.trim()) : value.trim();
    if (content === null || HARMLESS.includes(base)) return [];
    if (SECRET_NAME.test(base)) return [content];
    return URL_NAME.test(base) ? content.split(',').flatMap(passwordsIn) : [];
  });
}

function passwordsIn(address: string): readonly string[] {
  const url = URL.parse(address.trim());
  if (url === null || url.password === '') return [];
  return [url.password, decoded(url.password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    base64,
    bytes.toString('base64url'),
  ];
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // It cannot be read here, so nothing of it can be in what was gathered.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
