import createClient from 'openapi-fetch';
import { ApiProblem, problemOf, unreachable } from './problem';
import { askPerson, noteSession } from './prompts';
import type { components, paths } from './schema';

/** A schema of the API by its name in docs/openapi.json. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/**
 * Typed by docs/openapi.json. Use it through `answerOf`. The header line keeps the browser from opening its own login
 * dialog: by plain http, nothing else tells the server that a page asks.
 */
export const api = createClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  headers: { 'X-Requested-With': 'XMLHttpRequest' },
});

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** A second proof may be asked for on the way: first the login, then the password again. */
const MAX_TRIES = 3;

/**
 * The body of a successful answer. Asks nobody for anything.
 * @throws ApiProblem for every other answer
 */
export async function plainAnswerOf<Data>(call: () => Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call().catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemOf(response.status, error, response.headers.get('X-Request-Id'));
  return data as Data;
}

/**
 * As `plainAnswerOf`, but if the session has ended, or the password is asked for again, the person is asked and the call
 * is made once more.
 */
export async function answerOf<Data>(call: () => Promise<Answer<Data>>): Promise<Data> {
  for (let tries = 1; ; tries += 1) {
    try {
      const data = await plainAnswerOf(call);
      noteSession();
      return data;
    } catch (error) {
      const kind = error instanceof ApiProblem ? promptFor(error) : null;
      if (kind === null || tries === MAX_TRIES || !(await askPerson(kind))) throw error;
    }
  }
}

function promptFor({ problem: { status, code } }: ApiProblem): 'login' | 'step-up' | null {
  if (code === 'step_up_required') return 'step-up';
  return status === 401 ? 'login' : null;
}
