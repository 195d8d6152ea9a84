import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ApiProblem } from '../../api/problem';
import { Loading } from '../../components/data-table';
import { Facts } from '../../components/facts';
import { MarkedText } from '../../components/marked-text';
import { Notice, ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { Stages, type ShownStage, type StageOutcome } from '../../components/stages';
import { Time } from '../../components/time';
import { useRequestExplanation, type ExplainedRequest } from '../../data/own-requests';
import { ExplainForm } from './explain-form';
import { questionOf } from './questions';
import { requestIdIn } from './request-id';
import { RequestOutcome } from './request-list.page';

/** What became of one request: in words, and as the stages that it went through. */
export function RequestPage({ requestId }: { readonly requestId: string }): ReactNode {
  const id = requestIdIn(requestId);
  return (
    <Page title="Why was this refused?" lead={<Link href="/requests">All my requests</Link>}>
      {id === null ? <NotFound /> : <Explanation requestId={id} />}
      <Section title="Another request">
        <ExplainForm requestId={requestId} />
      </Section>
    </Page>
  );
}

function NotFound(): ReactNode {
  return (
    <Notice kind="info" title="There is no such request of yours">
      <ul>
        <li>Is the id complete? Copy it from the answer once more.</li>
        <li>It can be the request of another user. Then they, or an administrator, can see it.</li>
        <li>With a wrong token or password, nobody knows whose request it is: only administrators see it.</li>
        <li>It can be older than the audit log, or not be recorded by its settings.</li>
      </ul>
    </Notice>
  );
}

function Explanation({ requestId }: { readonly requestId: string }): ReactNode {
  const { data, error, isPending } = useRequestExplanation(requestId);
  if (isPending) return <Loading />;
  if (error instanceof ApiProblem && error.problem.status === 404) return <NotFound />;
  if (data === undefined) return <ProblemNotice problem={error} />;
  return (
    <>
      <Verdict request={data} />
      {data.stages.length === 0 ? null : (
        <Section title="The stages">
          <Stages stages={data.stages.map(shownStage)} />
        </Section>
      )}
      <Section title="The request">
        <RequestFacts request={data} />
      </Section>
    </>
  );
}

const OUTCOMES: readonly StageOutcome[] = ['passed', 'refused', 'not-reached', 'not-needed'];

/** An outcome of a later version is never shown as passed. */
function shownStage({ stage, outcome }: ExplainedRequest['stages'][number]): ShownStage {
  return { stage, outcome: OUTCOMES.find((known) => known === outcome) ?? 'not-reached', detail: questionOf(stage) };
}

function Verdict({ request }: { readonly request: ExplainedRequest }): ReactNode {
  const { code, title, explanation, advice, outcome, upstreamRefused } = request;
  const isFine = outcome === 'allowed' && !upstreamRefused;
  return (
    <Notice kind={isFine ? 'good' : 'warning'} title={title}>
      <p>
        <MarkedText text={explanation} />
      </p>
      {advice === null ? null : (
        <p>
          <strong>What to do: </strong>
          <MarkedText text={advice} />
        </p>
      )}
      {code === null ? null : (
        <a href={`/docs/problems/${encodeURIComponent(code)}`} target="_blank" rel="noreferrer">
          More about {code} (new tab)
        </a>
      )}
    </Notice>
  );
}

function RequestFacts({ request }: { readonly request: ExplainedRequest }): ReactNode {
  const { type, method, path, application, at, count, status, tokenDescription, tokenId, credential, clientIp } =
    request;
  const optional: readonly (readonly [string, ReactNode])[] = [
    ...(tokenId === null ? [] : [['Token', `${tokenDescription ?? ''} (${tokenId})`] as const]),
    ...(request.trueCode === undefined
      ? []
      : [['True reason', <code key="true">{request.trueCode ?? 'none'}</code>] as const]),
    ...(request.actor === undefined ? [] : [['Acting user', request.actor ?? '–'] as const]),
    ...(request.owner === undefined ? [] : [['Owner of the token', request.owner ?? '–'] as const]),
  ];
  return (
    <Facts
      facts={[
        ['Request', <code key="request">{method === null ? type : `${method} ${path ?? ''}`}</code>],
        ['Application', application ?? 'Scopegate itself'],
        ['Time', <Time key="at" at={at} isExact />],
        ...(count > 1 ? [['Times', `${count}, all alike`] as const] : []),
        ['Outcome', <RequestOutcome key="outcome" request={request} />],
        ['Status', status ?? 'None: the client went away'],
        ['Credential', credential ?? 'none'],
        ...optional,
        ['Client address', <code key="ip">{clientIp ?? '–'}</code>],
        ['Program', request.userAgent ?? '–'],
        ['Request id', <code key="id">{request.requestId ?? '–'}</code>],
      ]}
    />
  );
}
