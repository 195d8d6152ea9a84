import { useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import type { Schema } from '../../api/client';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { Form } from '../../components/form';
import { Notice, ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { isLostPermission, useCreateToken } from '../../data/own-tokens';
import { useMe } from '../../data/session';
import { draftErrors, newToken, type DraftErrors, type TokenDraft } from './new-token';
import { SecretDialog } from './secret.dialog';
import { TokenFields } from './token-fields';
import styles from './tokens.module.css';

type Me = Schema<'Me'>;

/** A form, and then the secret once. */
export function NewTokenPage(): ReactNode {
  const me = useMe();
  const [isOpen, setOpen] = useState(false);
  if (me.data?.tokenCreation.available === true && !isOpen) setOpen(true);
  return (
    <Page title="Create a token" lead="Give it to one script or program. What you do not need, leave out.">
      {me.isError && me.data === undefined ? <ProblemNotice problem={me.error} /> : null}
      {me.isPending ? <Loading /> : null}
      {me.data === undefined ? null : (
        <>
          <CreationNotice creation={me.data.tokenCreation} />
          {/* A permission that is lost while the form is open takes nothing that was typed (R24). */}
          {isOpen ? <NewTokenForm me={me.data} /> : <Link href="/tokens">Back to my tokens</Link>}
        </>
      )}
    </Page>
  );
}

/** R24: why no token can be created, or not every one. */
export function CreationNotice({ creation }: { readonly creation: Me['tokenCreation'] }): ReactNode {
  if (creation.message === null) return null;
  return (
    <Notice kind="info" {...(creation.available ? {} : { title: 'You cannot create tokens now' })}>
      {creation.message}
    </Notice>
  );
}

function NewTokenForm({ me }: { readonly me: Me }): ReactNode {
  const { validities, maximum } = me.tokenCreation;
  const [, navigate] = useLocation();
  const create = useCreateToken();
  const [errors, setErrors] = useState<DraftErrors>({});
  const [draft, setDraft] = useState<TokenDraft>({
    description: '',
    scope: null,
    end: { choice: validities[0] ?? maximum, date: '' },
    owner: '',
    isNarrowed: false,
    applications: [],
    addresses: '',
  });
  const submit = (): void => {
    setErrors(draftErrors(draft));
    const token = newToken(draft);
    if (token !== null) create.mutate(token);
  };
  return (
    <>
      <Section title="The token">
        <div className={styles.form}>
          <Form onSubmit={submit} label="New token">
            <TokenFields
              me={me}
              draft={draft}
              errors={errors}
              problem={create.error}
              onChange={(part) => setDraft({ ...draft, ...part })}
            />
            <CreationProblem error={create.error} />
            <div>
              <Button type="submit" look="primary" isBusy={create.isPending}>
                Create the token
              </Button>{' '}
              <Link href="/tokens">Cancel</Link>
            </div>
          </Form>
        </div>
      </Section>
      {create.data === undefined ? null : (
        <SecretDialog
          token={create.data}
          onClose={() => {
            create.reset();
            navigate('/tokens');
          }}
        />
      )}
    </>
  );
}

/** R24: a permission that was taken while the form was open is no mistake of the person. */
export function CreationProblem({ error }: { readonly error: Error | null }): ReactNode {
  if (error === null || !isLostPermission(error)) return <ProblemNotice problem={error} />;
  return (
    <Notice kind="info" title="The token was not created">
      {error.message} What you typed stays here.
    </Notice>
  );
}
