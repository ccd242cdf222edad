import type { Words } from './words';

export const words: Words = {
  categories: {
    price: 'Cena', timing: 'Termin', need: 'Potrzeba', authority: 'Decydent', trust: 'Zaufanie',
    competition: 'Konkurencja', product_fit: 'Dopasowanie', stall: 'Odkładanie',
  },
  signals: {
    price_inquiry: 'Pyta o cenę', financing: 'Finansowanie', trial: 'Chce wypróbować',
    timeline: 'Pyta o termin', configuration: 'Wybiera opcje',
    ownership_language: 'Mówi jak właściciel', next_step: 'Następny krok',
    social_proof: 'Referencje', agreement: 'Zgadza się',
  },
  archetypes: {
    achiever: 'Zdobywca', analyst: 'Analityk', idealist: 'Idealista', guardian: 'Opiekun',
    enthusiast: 'Entuzjasta', innovator: 'Innowator', economizer: 'Oszczędny', sceptic: 'Sceptyk',
  },
  stages: {
    opening: 'Otwarcie', discovery: 'Badanie potrzeb', presentation: 'Prezentacja',
    objection_handling: 'Obiekcje', closing: 'Finalizacja', wrap_up: 'Zakończenie',
  },
  outcomes: {
    won: 'Wygrana', next_step: 'Ustalony następny krok', lost: 'Przegrana', none: 'Bez wyniku',
  },
  connection: {
    connecting: 'Łączenie …', live: 'Na żywo', offline: 'Offline, nic nie przepadnie',
    stopped: 'Zatrzymano',
  },
  customer: 'Typ klienta',
  notSure: 'Jeszcze niepewne',
  evidence: 'Co zostało powiedziane',
};
