import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Facts } from '../../components/facts';
import { TextField } from '../../components/field';
import { Form } from '../../components/form';
import { Notice, ProblemNotice } from '../../components/notice';
import { Section } from '../../components/page';
import { yesOrNo } from '../../components/yes-or-no';
import { useCheckApplication, type ApplicationCheck } from '../../data/applications';
import { errorAt } from '../../documents/field-texts';
import { checkResult } from './check-result';
import styles from './applications.module.css';

/** Calls the application as a token would, and says what it found and what to do. */
export function CheckSection({ applicationKey }: { readonly applicationKey: string }): ReactNode {
  const check = useCheckApplication(applicationKey);
  const [username, setUsername] = useState('');
  return (
    <Section title="Test call">
      <div className={styles.fields}>
        <p className={styles.hint}>
          Asks the application who the user is, as a read-only token of that user would. It tests what is saved.
        </p>
        <Form label="Test call" onSubmit={() => check.mutate(username === '' ? {} : { username })}>
          <TextField
            label="As user"
            hint="Empty: you."
            value={username}
            autoComplete="off"
            error={errorAt(check.error, 'username')}
            onChange={setUsername}
            beside={
              <Button type="submit" isBusy={check.isPending}>
                Test
              </Button>
            }
          />
        </Form>
        {errorAt(check.error, 'username') === null ? <ProblemNotice problem={check.error} /> : null}
        {check.data === undefined ? null : <CheckNotice result={check.data} />}
      </div>
    </Section>
  );
}

function CheckNotice({ result }: { readonly result: ApplicationCheck }): ReactNode {
  const { kind, title } = checkResult(result);
  const { reachable, tls, identityBelieved, upstreamAccount, version, status, advice } = result;
  return (
    <Notice kind={kind} title={title}>
      {advice.length === 0 ? null : (
        <ul className={styles.list}>
          {advice.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <Facts
        facts={[
          ['Answers', yesOrNo(reachable)],
          ['Encrypted', yesOrNo(tls)],
          ['Believes who it is', identityBelieved === 'unknown' ? 'unknown' : yesOrNo(identityBelieved)],
          ['Account there', upstreamAccount ?? '–'],
          ['Version', version ?? 'unknown'],
          ['Status of its answer', status ?? '–'],
        ]}
      />
    </Notice>
  );
}
