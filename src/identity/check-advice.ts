import { productOf } from '@scopegate/product';
import { sameUserName } from '@scopegate/token';
import { adviceFor, readAccount } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import type { UpstreamAnswer } from '../applications/upstream.question.js';
import { isAccountOf } from './deposit.js';
import type { ApplicationCheckDto } from './dto/application-check.dto.js';

/** Whether the upstream accepts the user, which one it sees, and what to do. */
export type Belief = Pick<ApplicationCheckDto, 'identityBelieved' | 'upstreamAccount' | 'advice'>;

/** The answer does not show the user. */
export function unknown(advice: string): Belief {
  return { identityBelieved: 'unknown', upstreamAccount: null, advice: [advice] };
}

/** R126: of the call that returns the current user. */
export function beliefOf(answer: UpstreamAnswer, application: ProtectedApplication, username: string): Belief {
  if (answer.kind === 'no-answer') return unknown(adviceFor(answer.failure));
  const { status, body } = answer;
  if (status === 401 || status === 403) {
    return disbelieved(
      null,
      `The application refuses the request with ${status}. ${refusalAdvice(application, username)}`,
    );
  }
  if (status >= 300 && status < 400) {
    return unknown('The application redirects the request, perhaps to its login. Check the path of "upstream".');
  }
  const { whoAmI } = productOf(application.rules.kind);
  if (whoAmI === null) {
    return unknown('This kind of application has no known call that returns the current user. Try a call of your own.');
  }
  if (status !== 200) {
    return unknown(`The call ${whoAmI.path} answers ${status}. Check "kind" and the path of "upstream".`);
  }
  const reading = body === null ? ({ known: false } as const) : readAccount(body, whoAmI.account);
  if (!reading.known) {
    return unknown(`The answer of ${whoAmI.path} does not look like this product. Check "kind" and "upstream".`);
  }
  const { account } = reading;
  if (account === null) {
    return disbelieved(null, `The application sees no user in the request. ${refusalAdvice(application, username)}`);
  }
  if (isExpected(application, username, account)) {
    return { identityBelieved: true, upstreamAccount: account, advice: [] };
  }
  return disbelieved(
    account,
    `The application sees the user "${account}" and not "${username}". ${otherUserAdvice(application)}`,
  );
}

function disbelieved(upstreamAccount: string | null, advice: string): Belief {
  return { identityBelieved: false, upstreamAccount, advice: [advice] };
}

function isExpected({ identity: { source } }: ProtectedApplication, username: string, account: string): boolean {
  return source.kind === 'deposit' ? isAccountOf(source, username, account) : sameUserName(account, username);
}

function headerNames({ identity }: ProtectedApplication): string {
  const names = identity.templates.map(({ name }) => name).join(', ');
  return names === '' ? 'an identity header' : names;
}

function refusalAdvice(application: ProtectedApplication, username: string): string {
  const { source } = application.identity;
  switch (source.kind) {
    case 'templates':
      return (
        `Configure it to trust ${headerNames(application)} from the gateway, and check that it has a user ` +
        `"${username}".`
      );
    case 'assertion':
      return (
        `Configure it to verify the assertion in ${source.header} with the keys at /.well-known/jwks.json and the ` +
        `audience "${source.audience}", and check that it has a user "${username}".`
      );
    case 'deposit':
      return `The stored credential of "${username}" does not work any more: its owner has to store another one.`;
    case 'service':
      return (
        'Check that the service credential is valid, that it may act for other users, and that there is a user ' +
        `"${username}". Another credential goes into "identity.service".`
      );
  }
}

function otherUserAdvice(application: ProtectedApplication): string {
  const { templates } = productOf(application.rules.kind).actAs;
  switch (application.identity.source.kind) {
    case 'templates':
    case 'assertion':
      return 'Check which header it reads, and that the gateway does not send a fixed credential.';
    case 'deposit':
      return 'If this account belongs to the user, name it in "identity.accounts".';
    case 'service': {
      const [name] = Object.keys(templates);
      const example = name === undefined ? '' : `, such as {"${name}": "${templates[name] ?? ''}"}`;
      return `The service account has to act for the user: add a header to "identity.headers"${example}.`;
    }
  }
}
