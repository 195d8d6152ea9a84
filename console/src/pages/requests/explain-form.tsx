import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { Button } from '../../components/button';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import styles from './requests.module.css';
import { requestIdIn } from './request-id';

/** For somebody who has the id of a refusal. */
export function ExplainForm({ requestId = '' }: { readonly requestId?: string }): ReactNode {
  const [, navigate] = useLocation();
  const [pasted, setPasted] = useState(requestId);
  const [error, setError] = useState<string | null>(null);
  const submit = (): void => {
    const id = requestIdIn(pasted);
    setError(
      id === null ? 'This is no request id. It has up to 64 letters, digits, dots, lines and underscores.' : null,
    );
    if (id !== null) navigate(`/requests/${encodeURIComponent(id)}`);
  };
  return (
    <div className={styles.form}>
      <Form onSubmit={submit} label="Why was this refused?">
        <TextField
          label="Request id"
          hint="From the answer: requestId in its text, or its line X-Request-Id."
          value={pasted}
          error={error}
          spellCheck={false}
          autoComplete="off"
          onChange={setPasted}
        />
        <div>
          <Button type="submit">Explain</Button>
        </div>
      </Form>
    </div>
  );
}
