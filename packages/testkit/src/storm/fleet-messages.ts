import { TERMINAL_STATUS_WORDS, type TerminalStatusWord } from '@tillcast/protocol/replica/status';
import { z } from 'zod';

/** What one till says of itself at a moment. */
export interface TillSample {
  readonly status: TerminalStatusWord;
  /** Why it is not live; empty when live. */
  readonly reason: string;
  /** Whether it consumes from its queue, as far as it knows. */
  readonly attached: boolean;
  readonly epoch: string | null;
  readonly version: number | null;
  readonly digest: string | null;
}

const sampleSchema: z.ZodType<TillSample> = z.object({
  status: z.enum(TERMINAL_STATUS_WORDS),
  reason: z.string(),
  attached: z.boolean(),
  epoch: z.string().nullable(),
  version: z.number().nullable(),
  digest: z.string().nullable(),
});

/** Where the tills of a process find their server. */
export interface FleetAddresses {
  readonly backendUrl: string;
  /** Without user and password. */
  readonly amqpUrl: string;
  /** The `aud` of their assertions. */
  readonly issuer: string;
  /** The certificate authorities to trust at both, in PEM; left out: none is needed, or the system's. */
  readonly caPem?: string;
}

/** One till of a process. */
export interface FleetTill {
  readonly licenseKey: string;
  readonly terminalId: string;
  /** Its private key, PKCS #8. */
  readonly keyPem: string;
  /** Where its files go. */
  readonly folder: string;
}

/** What a process with tills is asked. */
export type FleetQuestion =
  | (FleetAddresses & { readonly ask: 'open'; readonly tills: readonly FleetTill[] })
  | { readonly ask: 'states' | 'contents' | 'counts' | 'attempts' | 'close' };

const tillSchema: z.ZodType<FleetTill> = z.object({
  licenseKey: z.string(),
  terminalId: z.string(),
  keyPem: z.string(),
  folder: z.string(),
});

export const questionSchema: z.ZodType<FleetQuestion> = z.union([
  z.object({
    ask: z.literal('open'),
    backendUrl: z.string(),
    amqpUrl: z.string(),
    issuer: z.string(),
    caPem: z.string().exactOptional(),
    tills: z.array(tillSchema),
  }),
  z.object({ ask: z.enum(['states', 'contents', 'counts', 'attempts', 'close']) }),
]);

/** Of the tills, by their place in the process, whose state is another than at the last question. */
export const statesSchema: z.ZodType<readonly (readonly [number, TillSample])[]> = z.array(
  z.tuple([z.number(), sampleSchema]),
);

/** The sum over the rows that each till's file holds. */
export const contentsSchema: z.ZodType<readonly string[]> = z.array(z.string());

/** All tills' counts since they were opened, summed up, by name. */
export const countsSchema: z.ZodType<Readonly<Record<string, number>>> = z.record(z.string(), z.number());

/** When each till tried to connect to the broker since it was last asked: milliseconds since 1970. */
export const attemptsSchema: z.ZodType<readonly (readonly number[])[]> = z.array(z.array(z.number()));
