import { useState, type ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { FieldRow, TextArea, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { useDraft } from '../../components/draft';
import { useExplain, useExplainedEvent } from '../../data/explain';
import { Explanation } from './explanation';
import { readHeaderLines } from './header-lines';

/** Why an audited request was refused, or how a request would be judged (R41, R101). */
export function ExplainPage(): ReactNode {
  const [params, setParams] = useSearchParams();
  const requestId = params.get('requestId') ?? '';
  return (
    <Page
      title="Explain"
      lead="How a request was judged, or would be judged now, stage by stage, with the true reason."
    >
      <Section title="A request that was made">
        <EventForm requestId={requestId} onAsk={(id) => setParams(id === '' ? {} : { requestId: id })} />
        <ExplainedEvent requestId={requestId} />
      </Section>
      <Section title="A request that might be made">
        <RequestForm />
      </Section>
    </Page>
  );
}

function EventForm({
  requestId,
  onAsk,
}: {
  readonly requestId: string;
  readonly onAsk: (id: string) => void;
}): ReactNode {
  const [text, setText] = useDraft(requestId);
  return (
    <Form label="Explain a request id" onSubmit={() => onAsk(text.trim())}>
      <TextField
        label="Request id"
        hint="From the answer of the request: its X-Request-Id, or the requestId in the body."
        value={text}
        onChange={setText}
      />
      <div>
        <Button type="submit" look="primary">
          Explain
        </Button>
      </div>
    </Form>
  );
}

function ExplainedEvent({ requestId }: { readonly requestId: string }): ReactNode {
  const explained = useExplainedEvent(requestId);
  if (requestId === '') return null;
  if (explained.isPending) return <Loading />;
  if (explained.isError) return <ProblemNotice problem={explained.error} />;
  return <Explanation explanation={explained.data} />;
}

const EMPTY = { application: '', method: 'GET', path: '/', peer: '', headers: '', tokenId: '' };

function RequestForm(): ReactNode {
  const [asked, setAsked] = useState(EMPTY);
  const explain = useExplain();
  const set = (name: keyof typeof EMPTY) => (value: string) => setAsked({ ...asked, [name]: value });
  const error = explain.error;
  const submit = (): void => {
    const { headers, tokenId, ...rest } = asked;
    explain.mutate({ ...rest, headers: readHeaderLines(headers), ...(tokenId === '' ? {} : { tokenId }) });
  };
  return (
    <>
      <Form label="Explain a request" onSubmit={submit}>
        <FieldRow>
          <TextField label="Application" hint="Its key." value={asked.application} onChange={set('application')} />
          <TextField label="Method" value={asked.method} onChange={set('method')} />
          <TextField label="Path" hint="Below the mount, with the query." value={asked.path} onChange={set('path')} />
        </FieldRow>
        <FieldRow>
          <TextField
            label="Peer address"
            hint="The other end of the connection."
            value={asked.peer}
            onChange={set('peer')}
          />
          <TextField
            label="Token id"
            hint="In place of the secret. Empty for none."
            value={asked.tokenId}
            onChange={set('tokenId')}
          />
        </FieldRow>
        <TextArea
          label="Header lines"
          hint="One a line, such as X-Forwarded-For: 203.0.113.7"
          value={asked.headers}
          onChange={set('headers')}
        />
        <ProblemNotice problem={error} />
        <div>
          <Button type="submit" look="primary" isBusy={explain.isPending}>
            Judge it
          </Button>
        </div>
      </Form>
      {explain.data === undefined ? null : <Explanation explanation={explain.data} />}
    </>
  );
}
