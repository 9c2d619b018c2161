import { z } from 'zod';

/** One raw till. */
export interface RawTillLogin {
  readonly licenseKey: string;
  readonly terminalId: string;
  readonly token: string;
}

/** What a process with raw tills is asked; it answers with how often each till was done. */
export type RawQuestion =
  | {
      readonly ask: 'open';
      readonly tills: readonly RawTillLogin[];
      /** Without user and password. */
      readonly amqpUrl: string;
      readonly deltaUrl: string;
      readonly folder: string;
    }
  | { readonly ask: 'done' };

export const rawQuestionSchema: z.ZodType<RawQuestion> = z.union([
  z.object({
    ask: z.literal('open'),
    tills: z.array(z.object({ licenseKey: z.string(), terminalId: z.string(), token: z.string() })),
    amqpUrl: z.string(),
    deltaUrl: z.string(),
    folder: z.string(),
  }),
  z.object({ ask: z.literal('done') }),
]);

export const rawAnswerSchema: z.ZodType<readonly number[]> = z.array(z.number());
