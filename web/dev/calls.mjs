/**
 * Scripted calls, one a language. A line is [speaker, text, finding?]; a finding has the category,
 * the quote, and the card that it raises; `handles` names an earlier category that is now answered.
 */
export const calls = {
  pl: [
    ['seller', 'Dzień dobry, z tej strony Marta Zielińska. Oglądał pan u nas wersję z większą baterią?'],
    ['client', 'Tak, jeździło się świetnie, ale prawie dwieście tysięcy to dla nas za dużo.', {
      category: 'price', quote: 'prawie dwieście tysięcy to dla nas za dużo',
      title: 'Koszt miesięczny zamiast ceny',
      say: 'Policzmy razem, ile dziś wydaje pan co miesiąc na paliwo i serwis.',
      ask: 'Ile kilometrów robi pan w miesiącu?',
      facts: ['Rata z dopłatą zależy od wkładu własnego.', 'Przegląd co dwa lata.'],
      tokens: 'Rozumiem, to poważna kwota. Zestawmy ratę z tym, co dziś kosztuje pana paliwo, i zobaczmy różnicę.',
    }],
    ['seller', 'Policzmy razem, ile dziś wydaje pan na paliwo. Ile kilometrów robi pan w miesiącu?'],
    ['client', 'Jakieś dwa tysiące. No dobrze, to już brzmi rozsądniej. Muszę to jednak omówić z żoną.', {
      category: 'authority', quote: 'Muszę to jednak omówić z żoną', handles: 'price',
      title: 'Zaproś drugą osobę', say: 'Zaprośmy żonę na wspólną jazdę, wtedy zdecydują państwo razem.',
      ask: 'Kiedy oboje mają państwo godzinę?', facts: ['Jazda próbna trwa około 45 minut.'],
      tokens: 'Może w sobotę? Przygotuję auto z fotelikiem, żeby żona zobaczyła, jak jest w środku.',
    }],
    ['seller', 'Zaprośmy żonę na wspólną jazdę. Sobota o jedenastej?'],
    ['client', 'Sobota pasuje. A ile trwa ładowanie, kiedy ładuję w domu?'],
  ],
  de: [
    ['seller', 'Schön, dass wir uns sprechen. Was ist Ihnen bei einem Nebenverdienst am wichtigsten?'],
    ['client', 'Ehrlich gesagt klingt mir das nach einem Schneeballsystem.', {
      category: 'trust', quote: 'klingt mir das nach einem Schneeballsystem',
      title: 'Offen zeigen, womit Geld verdient wird',
      say: 'Gute Frage. Verdient wird nur an verkauften Produkten, nie am Anwerben.',
      ask: 'Was müssten Sie sehen, um das zu glauben?',
      facts: ['Vergütungsplan ist öffentlich einsehbar.', 'Widerruf innerhalb von 14 Tagen.'],
      tokens: 'Ich verstehe die Sorge. Ich schicke Ihnen den Vergütungsplan, und Sie prüfen ihn in Ruhe.',
    }],
    ['seller', 'Gute Frage. Verdient wird nur an verkauften Produkten. Was müssten Sie dafür sehen?'],
    ['client', 'Den Plan würde ich gern lesen. Aber im Moment habe ich abends überhaupt keine Zeit.', {
      category: 'timing', quote: 'im Moment habe ich abends überhaupt keine Zeit', handles: 'trust',
      title: 'Klein anfangen', say: 'Zwei Stunden in der Woche reichen für den Anfang.',
      ask: 'Welcher Tag ist bei Ihnen der ruhigste?', facts: ['Termine sind frei wählbar.'],
      tokens: 'Fangen wir mit einem festen Abend an. Wenn es nach einem Monat nicht passt, hören wir auf.',
    }],
    ['seller', 'Zwei Stunden in der Woche reichen. Welcher Tag ist bei Ihnen der ruhigste?'],
    ['client', 'Mittwoch. Gut, schicken Sie mir den Plan, dann telefonieren wir am Mittwoch.'],
  ],
  en: [
    ['seller', 'Thanks for making time. How does your team track its projects today?'],
    ['client', 'We already have a tool that works, and honestly the other vendor offered us a better rate.', {
      category: 'competition', quote: 'the other vendor offered us a better rate',
      title: 'Compare the whole year', say: 'Let us put both offers side by side, with set-up and support.',
      ask: 'What is in their offer besides the licence?', facts: ['Migration is included.', 'Support answers in both languages.'],
      tokens: 'Happy to compare. If theirs is better after set-up and support, I will tell you so myself.',
    }],
    ['seller', 'Let us put both offers side by side. What is in theirs besides the licence?'],
    ['client', 'Fair enough. What worries me more is that it does not talk to our ERP. Let me think about it.', {
      category: 'product_fit', quote: 'it does not talk to our ERP', handles: 'competition',
      title: 'Show the connection', say: 'Your ERP is one of the three that we connect to most often.',
      ask: 'Which data has to flow, and how often?', facts: ['Connector with nightly and live mode.'],
      tokens: 'I can show it with your own data on Thursday, so you see the orders arrive.',
    }],
    ['seller', 'We connect to it often. Shall I show it with your own data on Thursday?'],
    ['client', 'Thursday works. Please send an invitation to me and to our head of IT.'],
  ],
};

export const packs = { pl: 'ev', de: 'network_marketing', en: 'saas' };
export const archetypes = [
  'achiever', 'analyst', 'idealist', 'guardian', 'enthusiast', 'innovator', 'economizer', 'sceptic',
];
