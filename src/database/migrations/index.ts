import { InitialSchema1795392000000 } from './1795392000000-initial-schema.js';

/** Every migration in its order. */
export const MIGRATIONS = [InitialSchema1795392000000];
