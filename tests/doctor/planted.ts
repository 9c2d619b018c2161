import type { Clinic } from './clinic.ts';

type Environment = Readonly<Record<string, string>>;

/** Where the doctor is called: with the variables of the operator, of the backend, or of the till's machine. */
export type Bedside = 'operator' | 'backend' | 'till';

/** What was done to the deployment, and how it is undone. */
export interface Planted {
  /** Beside, or in the place of, what the bedside has. */
  readonly env?: Environment;
  readonly argv?: readonly string[];
  readonly heal?: () => unknown;
}

/** A fault that is brought about for real, and what doctor must say of it. */
export interface PlantedFault {
  readonly name: string;
  readonly at: Bedside;
  readonly plant: (clinic: Clinic) => Promise<Planted> | Planted;
  /** The check that finds it, its grade, and the words that name it. */
  readonly check: string;
  readonly grade?: 'warning';
  readonly says: RegExp;
}

/** The variables of a bedside. */
export function environmentAt(bedside: Bedside, clinic: Clinic): Environment {
  return { operator: clinic.operatorEnv, backend: clinic.backendEnv, till: clinic.tillEnv }[bedside];
}
