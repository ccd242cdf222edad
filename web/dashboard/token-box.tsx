import { useState } from 'preact/hooks';
import { useObserved } from '../shared/hooks';
import type { PageContext } from './main';
import { clockTime } from './times';

/** Asks for a token: because there is none that serves, or because the present one runs out soon. */
export function TokenBox({ context: { office, texts, language } }: { context: PageContext }) {
  const [token, setToken] = useState('');
  const needed = useObserved(office.needsToken);
  const runsOut = useObserved(office.token.runsOut);
  if (!needed && runsOut === null) return null;
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (!token.trim()) return;
    office.signIn(token.trim());
    setToken('');
  };
  const how = needed === 'forbidden' ? texts.wrongRole : needed ? texts.signInHow : texts.runsOutHow;
  return (
    <form class="panel token" onSubmit={onSubmit}>
      <h2>{!needed && runsOut !== null ? `${texts.runsOut} ${clockTime(runsOut, language)}` : texts.signIn}</h2>
      <p class="muted">{how} <code>coach token --role coach</code></p>
      <div class="row">
        <input type="password" autocomplete="off" value={token} aria-label={texts.token}
          placeholder={texts.token} onInput={(event) => setToken(event.currentTarget.value)} />
        <button type="submit">{texts.signIn}</button>
      </div>
    </form>
  );
}
