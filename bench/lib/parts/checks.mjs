// Speed must not come from stale rules: under load, a revocation acts on the very next request.
import { candidateOf } from '../bench.mjs';
import { PATH_BELOW, wrk } from '../load.mjs';

const LOAD_SECONDS = 12;
const LEAST_TURNS = 5;

/** Revokes tokens and withdraws permissions under load. The next request must be refused each time. */
export async function checkChangesUnderLoad(bench) {
  const gateway = await bench.gateway();
  const { scopegate, ledger } = gateway;
  let isOver = false;
  const load = wrk(candidateOf(gateway), LOAD_SECONDS).finally(() => (isOver = true));
  // Reported below; until then nothing awaits it.
  load.catch(() => {});
  const expectNext = async (secret, status, why) => {
    const answer = await fetch(`${scopegate.url}/bench${PATH_BELOW}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    await answer.arrayBuffer();
    ledger.countOne();
    if (answer.status !== status) {
      throw new Error(`The next request ${why} was answered ${answer.status}, not ${status}.`);
    }
  };
  const newToken = () => scopegate.must('POST', '/tokens', { description: 'check', scope: 'read-only', owner: 'bob' });
  const lasting = await newToken();
  await expectNext(lasting.secret, 200, 'of a new token');
  let turns = 0;
  for (; !isOver; turns += 1) {
    const { id, secret } = await newToken();
    await expectNext(secret, 200, 'of a new token');
    await scopegate.must('DELETE', `/tokens/${id}`);
    await expectNext(secret, 401, 'after a revocation');

    await scopegate.must('DELETE', '/groups/others/members/bob');
    await expectNext(lasting.secret, 403, 'after the owner left his group');
    await scopegate.must('PUT', '/groups/others/members/bob');
    await expectNext(lasting.secret, 200, 'after the owner came back to his group');

    await scopegate.must('PATCH', '/permissions', { useTokens: { everyone: false, groups: ['load'] } });
    await expectNext(lasting.secret, 403, 'after the permission was taken from a group');
    await scopegate.must('PATCH', '/permissions', { useTokens: { everyone: false, groups: ['load', 'others'] } });
    await expectNext(lasting.secret, 200, 'after the permission was given back to a group');
  }
  await load;
  await scopegate.settle();
  if (turns < LEAST_TURNS) throw new Error(`Only ${turns} changes were made under load.`);
  return { turns };
}
