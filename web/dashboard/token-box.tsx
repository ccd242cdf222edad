import { useState } from 'preact/hooks';
import type { DashboardTexts } from './texts';

export function TokenBox({ texts, signIn }: {
  texts: DashboardTexts; signIn: (token: string) => void;
}) {
  const [token, setToken] = useState('');
  const onSubmit = (event: Event) => {
    event.preventDefault();
    if (token.trim()) signIn(token.trim());
  };
  return (
    <form class="panel token" onSubmit={onSubmit}>
      <h2>{texts.signIn}</h2>
      <p class="muted">{texts.signInHow} <code>coach token --role coach</code></p>
      <div class="row">
        <input type="password" autocomplete="off" value={token} aria-label={texts.token}
          placeholder={texts.token} onInput={(event) => setToken(event.currentTarget.value)} />
        <button type="submit">{texts.signIn}</button>
      </div>
    </form>
  );
}
