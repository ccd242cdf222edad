import type { DashboardTexts } from './texts';

export const pl: DashboardTexts = {
  title: 'Panel Coach', live: 'Rozmowy na żywo', history: 'Historia', demo: 'Rozmowa demonstracyjna',
  language: 'Język', dismiss: 'Zamknij', loading: 'Wczytywanie …',
  noCalls: 'Nie trwa żadna rozmowa',
  noCallsHow: 'Rozmowy pojawiają się tu same. Rozmowy demonstracyjne uruchamia polecenie',
  noHistory: 'Nie zapisano jeszcze żadnej rozmowy',
  noHistoryHow: 'Rozmowa jest na liście od pierwszej kwestii. Aby odtworzyć jedną teraz:',
  wantsHelp: 'Prosi o pomoc', openObjections: 'Otwarte obiekcje',
  likelihood: 'Szansa zakupu', churn: 'Ryzyko odejścia', talk: 'Udział sprzedawcy w rozmowie',
  nothingSaid: 'Nic jeszcze nie powiedziano', call: 'Rozmowa', seller: 'Sprzedawca',
  pack: 'Pakiet', started: 'Początek', length: 'Czas', outcome: 'Wynik', running: 'Trwa',
  watchers: 'Ogląda', transcript: 'Zapis rozmowy', objections: 'Obiekcje',
  noObjections: 'Na razie brak', byJudge: 'model oceniający', byInstant: 'natychmiast',
  metrics: 'Wskaźniki w czasie', noMetrics: 'Wskaźniki są rysowane podczas rozmowy.',
  cards: 'Karty i sugestie', noCards: 'Na razie brak', cardOpen: 'otwarta',
  firstToken: 'pierwszy token', total: 'łącznie', whisper: 'Podpowiedz',
  whisperPlaceholder: 'Widzi to tylko sprzedawca', lastWhisper: 'Ostatnia podpowiedź od',
  summary: 'Podsumowanie', nextStep: 'Następny krok', needs: 'Potrzeby i preferencje',
  cost: 'Koszt modelu', followUp: 'Szkic wiadomości', none: 'brak', signIn: 'Zaloguj',
  signInHow: 'Ten serwer wymaga tokenu. Osoba, która go prowadzi, tworzy go poleceniem',
  token: 'Token',
  problems: {
    unauthorized: 'Serwer wymaga tokenu: wpisz go powyżej.',
    forbidden: 'Twoja rola na to nie pozwala. Poproś o token z rolą coach.',
    absent: 'Serwer nie zna tej rozmowy. Mogła zostać usunięta.',
    unreachable: 'Serwer nie odpowiada. Czy działa? Spróbuj za chwilę.',
  },
  cardEnds: {
    retracted: 'wycofana', handled: 'załatwiona', superseded: 'zastąpiona', used: 'użyta',
    expired: 'przeterminowana',
  },
  suggestionStates: {
    started: 'pisze', done: 'gotowa', cancelled: 'zatrzymana', superseded: 'zastąpiona',
    failed: 'nieudana', truncated: 'urwana', expired: 'za późno',
  },
};
