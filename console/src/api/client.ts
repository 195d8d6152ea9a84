import createClient from 'openapi-fetch';
import { ApiProblem, problemOf, unreachable } from './problem';
import { askPerson, noteSession } from './prompts';
import type { components, paths } from './schema';

/** A schema of the API by its name in docs/openapi.json. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** Typed by docs/openapi.json. Use it through `answerOf`. */
export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** A second proof may be asked for on the way: first the login, then the password again. */
const MAX_TRIES = 3;

/**
 * The body of a successful answer. If the session has ended, or the password is asked for again, the person is asked
 * and the call is made once more.
 * @throws ApiProblem for every other answer
 */
export async function answerOf<Data>(call: () => Promise<Answer<Data>>): Promise<Data> {
  for (let tries = 1; ; tries += 1) {
    const result = await call().catch(() => {
      throw unreachable();
    });
    if (result.response.ok) {
      noteSession();
      return result.data as Data;
    }
    const problem = problemOf(result.response.status, result.error, result.response.headers.get('X-Request-Id'));
    const kind = promptFor(problem);
    if (kind === null || tries === MAX_TRIES || !(await askPerson(kind))) throw problem;
  }
}

function promptFor({ problem: { status, code } }: ApiProblem): 'login' | 'step-up' | null {
  if (code === 'step_up_required') return 'step-up';
  return status === 401 ? 'login' : null;
}
