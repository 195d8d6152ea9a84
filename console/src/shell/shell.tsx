import { useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { Button } from '../components/button';
import { classes } from '../components/classes';
import { ProblemNotice } from '../components/notice';
import { useLogout, type Session } from '../data/session';
import { ADMINISTRATOR_ROUTES, USER_ROUTES, type Route } from './routes';
import styles from './shell.module.css';
import { mayLeave } from './unsaved';

interface ShellProps {
  readonly session: Session;
  readonly children: ReactNode;
}

/** What surrounds every page: the navigation, and who is logged in. */
export function Shell({ session, children }: ShellProps): ReactNode {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const logout = useLogout(session.logoutUrl);
  const closeMenu = (): void => setMenuOpen(false);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        Skip to the content
      </a>
      <header className={styles.bar}>
        <Link href="/tokens" className={styles.brand}>
          Scopegate
        </Link>
        <Button
          look="quiet"
          className={styles.menuButton}
          aria-expanded={isMenuOpen}
          aria-controls="navigation"
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          Menu
        </Button>
      </header>
      <nav id="navigation" className={classes(styles.nav, isMenuOpen && styles.open)} aria-label="Console">
        <Links onFollow={closeMenu} routes={USER_ROUTES} />
        {session.administrator ? (
          <>
            <div className={styles.group} id="administration">
              Administration
            </div>
            <Links onFollow={closeMenu} routes={ADMINISTRATOR_ROUTES} labelledBy="administration" />
          </>
        ) : null}
        <div className={styles.who}>
          <div className={styles.name}>{session.displayName === '' ? session.username : session.displayName}</div>
          <Button look="quiet" isBusy={logout.isPending} onClick={() => (mayLeave() ? logout.mutate() : undefined)}>
            Log out
          </Button>
          <ProblemNotice problem={logout.error} />
        </div>
      </nav>
      <main id="content" className={styles.main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

interface LinksProps {
  readonly onFollow: () => void;
  readonly routes: readonly Route[];
  readonly labelledBy?: string;
}

function Links({ onFollow, routes, labelledBy }: LinksProps): ReactNode {
  const [location] = useLocation();
  return (
    <ul className={styles.links} aria-labelledby={labelledBy}>
      {routes.map(({ path, title }) => {
        const isCurrent = location === path || location.startsWith(`${path}/`);
        return (
          <li key={path}>
            <Link
              href={path}
              onClick={onFollow}
              className={classes(styles.link, isCurrent && styles.current)}
              aria-current={isCurrent ? 'page' : undefined}
            >
              {title}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
