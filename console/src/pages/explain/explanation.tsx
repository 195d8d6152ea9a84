import type { ReactNode } from 'react';
import { Badge } from '../../components/badge';
import { Facts } from '../../components/facts';
import { Stages } from '../../components/stages';
import type { Explanation as Explained } from '../../data/explain';

const DECISIONS = {
  allow: ['good', 'Allowed'],
  deny: ['bad', 'Refused'],
  pass: ['plain', 'Passed on without being judged'],
} as const;

/** The decision, how the client address was found, and the stages. */
export function Explanation({ explanation }: { readonly explanation: Explained }): ReactNode {
  const { decision, code, clientIp, stages } = explanation;
  const [look, words] = DECISIONS[decision];
  const reason =
    code === null ? null : (
      <a href={`/docs/problems/${code}`}>
        <code>{code}</code>
      </a>
    );
  return (
    <>
      <Facts
        facts={[
          [
            'Decision',
            <Badge key="decision" look={look}>
              {words}
            </Badge>,
          ],
          ['True reason', reason ?? '–'],
          ['Client address', clientIp.derived ?? 'unknown'],
          ['Peer address', clientIp.peer ?? '–'],
          ['Forwarding header', clientIp.header ?? 'not used'],
          ['Entry of the allow list', clientIp.entry ?? '–'],
        ]}
      />
      <Stages
        stages={stages.map(({ stage, outcome, detail, code: stageCode }) => ({
          stage,
          outcome,
          detail: stageCode === null ? detail : `${stageCode}: ${detail ?? ''}`,
        }))}
      />
    </>
  );
}
