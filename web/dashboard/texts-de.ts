import type { DashboardTexts } from './texts';

export const de: DashboardTexts = {
  title: 'Coach-Übersicht', live: 'Laufende Gespräche', history: 'Verlauf', demo: 'Demo-Gespräch',
  language: 'Sprache', dismiss: 'Schließen', loading: 'Wird geladen …',
  noCalls: 'Es läuft kein Gespräch',
  noCallsHow: 'Gespräche erscheinen hier von selbst. Demo-Gespräche zeigt der Server nach',
  noHistory: 'Noch kein Gespräch aufgezeichnet',
  noHistoryHow: 'Ein Gespräch steht ab seiner ersten Zeile hier. So spielen Sie eines ab:',
  wantsHelp: 'Bittet um Hilfe', openObjections: 'Offene Einwände',
  likelihood: 'Kaufwahrscheinlichkeit', churn: 'Abwanderungsrisiko', talk: 'Redeanteil Verkauf',
  nothingSaid: 'Noch nichts gesagt', call: 'Gespräch', seller: 'Verkauf', pack: 'Paket',
  started: 'Beginn', length: 'Dauer', outcome: 'Ergebnis', running: 'Läuft',
  watchers: 'Zuschauer', transcript: 'Mitschrift', objections: 'Einwände',
  noObjections: 'Bisher keine', byJudge: 'Prüfmodell', byInstant: 'sofort',
  metrics: 'Werte im Verlauf', noMetrics: 'Werte werden gezeichnet, während ein Gespräch läuft.',
  cards: 'Karten und Vorschläge', noCards: 'Bisher keine', cardOpen: 'offen',
  firstToken: 'erstes Token', total: 'gesamt', whisper: 'Zuflüstern',
  whisperPlaceholder: 'Nur die Verkaufsperson sieht es', lastWhisper: 'Zuletzt zugeflüstert von',
  summary: 'Zusammenfassung', nextStep: 'Nächster Schritt', needs: 'Bedürfnisse und Vorlieben',
  cost: 'Modellkosten', followUp: 'Entwurf einer Nachricht', none: 'keine', signIn: 'Anmelden',
  signInHow: 'Dieser Server verlangt ein Token. Wer ihn betreibt, erzeugt eines mit',
  token: 'Token',
  problems: {
    unauthorized: 'Der Server verlangt ein Token: bitte oben eingeben.',
    forbidden: 'Ihre Rolle erlaubt das nicht. Bitten Sie um ein Token mit der Rolle coach.',
    absent: 'Der Server kennt dieses Gespräch nicht. Vielleicht wurde es gelöscht.',
    unreachable: 'Der Server antwortet nicht. Läuft er? Versuchen Sie es gleich noch einmal.',
  },
  cardEnds: {
    retracted: 'zurückgezogen', handled: 'beantwortet', superseded: 'ersetzt', used: 'benutzt',
    expired: 'abgelaufen',
  },
  suggestionStates: {
    started: 'schreibt', done: 'fertig', cancelled: 'angehalten', superseded: 'ersetzt',
    failed: 'gescheitert', truncated: 'abgebrochen', expired: 'zu spät',
  },
};
