/** The content codings of answers, the most wished for first where a client likes several alike. */
export const ENCODINGS = ['zstd', 'br', 'gzip', 'identity'] as const;

export type Encoding = (typeof ENCODINGS)[number];

/**
 * The coding to answer with (RFC 9110, 12.5.3): the client's weights first, then our own order. `identity`
 * where the header is missing, empty or refuses everything: an answer beats a 406.
 */
export function chooseEncoding(acceptEncoding: string | undefined): Encoding {
  if (acceptEncoding === undefined) return 'identity';
  const weights = weightsOf(acceptEncoding);
  const wildcard = weights.get('*');
  let best: Encoding = 'identity';
  let bestWeight = 0;
  for (const encoding of ENCODINGS) {
    // Unnamed codings are refused, but for identity, which is accepted unless it is refused.
    const weight = weights.get(encoding) ?? wildcard ?? (encoding === 'identity' ? LEAST : 0);
    if (weight > bestWeight) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return best;
}

/** Below any weight that a header can name: three decimal digits. */
const LEAST = 0.0001;

function weightsOf(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of header.slice(0, 1024).split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    // A weight that is none counts as a refusal, never as a wish.
    weights.set(name === 'x-gzip' ? 'gzip' : name, weight >= 0 && weight <= 1 ? weight : 0);
  }
  return weights;
}
