/** The team's finished calls in figures: over time, by objection, by seller. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { categoryColour } from '../shared/colours';
import type { Category } from '../shared/taxonomy';
import type { Tally, TeamFigures } from './api';
import { padded, periodColumns, winRate } from './figures-data';
import { Trouble } from './history';
import { asked, QueryBar, useAnswer, type ListQuery } from './list-query';
import type { PageContext } from './main';
import { Plot } from './plot';
import { listAddress } from './route';
import { percent } from './times';

const WEEKS_FROM_DAYS = 60;
const HEIGHT_PX = 190;
const BAR_SHARE = 0.6;
const BAR_PX = 46;

export function FiguresPage({ context, query }: { context: PageContext; query: ListQuery }) {
  const { office, texts } = context;
  const days = Number(query['days']);
  const by = days > 0 && days <= WEEKS_FROM_DAYS ? 'day' : 'week';
  const ask = () => office.figures({
    ...asked(query, Date.now()), by, utc_offset_min: String(-new Date().getTimezoneOffset()),
  });
  const { answer, isAsking, retry } = useAnswer<TeamFigures>(office, query, ask);
  return (
    <>
      <QueryBar context={context} page="figures" query={query} />
      {!answer && <p class="panel empty">{texts.loading}</p>}
      {answer?.problem && <Trouble context={context} problem={answer.problem} retry={retry} />}
      {answer?.value && answer.value.total.calls === 0 && (
        <div class="panel empty">
          <h2>{texts.noneFits}</h2>
          <p><a href="#/figures">{texts.showAll}</a></p>
        </div>
      )}
      {answer?.value && answer.value.total.calls > 0 && (
        <Figures context={context} figures={answer.value} query={query} by={by} isBusy={isAsking} />
      )}
    </>
  );
}

function Figures({ context, figures, query, by, isBusy }: {
  context: PageContext; figures: TeamFigures; query: ListQuery; by: 'day' | 'week'; isBusy: boolean;
}) {
  const { texts } = context;
  const { total, complete } = figures;
  const [category, setCategory] = useState<Category | null>(null);
  return (
    <div class="team" aria-busy={isBusy}>
      <dl class="panel figures">
        <div><dt>{texts.calls}</dt><dd>{total.calls}</dd></div>
        <div><dt>{texts.winRate}</dt><dd>{percent(winRate(total))}</dd></div>
        <div><dt>{texts.raised}</dt><dd>{total.raised}</dd></div>
        <div><dt>{texts.handledShare}</dt><dd>{percent(total.handled / total.raised)}</dd></div>
      </dl>
      {!complete && <p class="muted">{texts.newestOnly}</p>}
      <section class="panel">
        <h2>{texts.overTime(by)}{category && `: ${context.words.categories[category]}`}</h2>
        <PeriodPlot key={context.language} context={context} figures={figures} category={category} by={by} />
      </section>
      <Objections context={context} figures={figures} query={query} category={category} choose={setCategory} />
      <Sellers context={context} figures={figures} query={query} />
    </div>
  );
}

function Objections({ context, figures, query, category, choose }: {
  context: PageContext; figures: TeamFigures; query: ListQuery;
  category: Category | null; choose: (category: Category | null) => void;
}) {
  const { texts, words } = context;
  const most = Math.max(1, ...figures.objections.map(({ raised }) => raised));
  return (
    <section class="panel">
      <h2>{texts.objections}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.objections}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">{texts.objection}</th><th scope="col" class="number">{texts.raised}</th>
              <th scope="col"><span class="visually-hidden">{texts.handledShare}</span></th>
              <th scope="col" class="number">{texts.handledShare}</th>
              <th scope="col" class="number">{texts.winRateWith}</th><th scope="col">{texts.calls}</th>
            </tr>
          </thead>
          <tbody>
            {figures.objections.filter(({ raised }) => raised > 0).map((tally) => (
              <tr key={tally.category} style={{ '--category': categoryColour(tally.category) }}>
                <th scope="row">
                  <button type="button" class="plain word" aria-pressed={tally.category === category}
                    onClick={() => choose(tally.category === category ? null : tally.category)}>
                    {words.categories[tally.category]}
                  </button>
                </th>
                <td class="number">{tally.raised}</td>
                <td class="bar-cell" aria-hidden="true">
                  <span class="bar-of" style={{ inlineSize: `${(tally.raised / most) * 100}%` }}>
                    <span style={{ inlineSize: `${(tally.handled / tally.raised) * 100}%` }} />
                  </span>
                </td>
                <td class="number">{percent(tally.handled / tally.raised)}</td>
                <td class="number">{percent(winRate(tally))}</td>
                <td><a href={listAddress('history', { ...query, objection: tally.category })}>{tally.calls}</a></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Sellers({ context: { texts }, figures, query }: {
  context: PageContext; figures: TeamFigures; query: ListQuery;
}) {
  return (
    <section class="panel">
      <h2>{texts.sellers}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={texts.sellers}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">{texts.seller}</th><th scope="col">{texts.calls}</th>
              <th scope="col" class="number">{texts.winRate}</th><th scope="col" class="number">{texts.perCall}</th>
              <th scope="col" class="number">{texts.handledShare}</th><th scope="col" class="number">{texts.talk}</th>
            </tr>
          </thead>
          <tbody>
            {figures.sellers.map((tally) => (
              <tr key={tally.seller}>
                <th scope="row"><a href={listAddress('figures', { ...query, seller: tally.seller })}>{tally.seller || '–'}</a></th>
                <td><a href={listAddress('history', { ...query, seller: tally.seller })}>{tally.calls}</a></td>
                <td class="number">{percent(winRate(tally))}</td>
                <td class="number">{(tally.raised / tally.calls).toFixed(1)}</td>
                <td class="number">{percent(tally.handled / tally.raised)}</td>
                <td class="number">{percent(tally.talk_ratio)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Bars: raised, and handled before them. Line: the win rate. */
function PeriodPlot({ context, figures, category, by }: {
  context: PageContext; figures: TeamFigures; category: Category | null; by: 'day' | 'week';
}) {
  const { texts, language } = context;
  const periods = useMemo(() => padded(figures.periods, by), [figures, by]);
  const figure = useRef<HTMLElement>(null);
  const plot = useRef<Plot | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const data = useMemo(() => periodColumns(periods, category), [periods, category]);
  useEffect(() => {
    if (!figure.current) return undefined;
    plot.current = new Plot(figure.current, {
      height: HEIGHT_PX,
      pointed: setPointed,
      options: (colour) => {
        const line = colour('--coach-line');
        const axis = { stroke: colour('--coach-muted'), grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
        const bars = uPlot.paths.bars?.({ size: [BAR_SHARE, BAR_PX], align: 0 });
        const bar = { paths: bars, points: { show: false }, width: 0 };
        const day = (index: number) => new Date(`${periods[index]?.start}T00:00`)
          .toLocaleDateString(language, { day: 'numeric', month: 'short' });
        return {
          legend: { show: false },
          scales: {
            x: { time: false, range: (_plot, low, high) => [low - 0.6, high + 0.6] },
            y: { range: (_plot, _low, high) => [0, Math.max(4, Math.ceil(high * 1.15))] },
            share: { range: [0, 100] },
          },
          axes: [
            { ...axis, grid: { show: false }, size: 32, incrs: [1, 2, 5, 10, 20, 50, 100], space: 60,
              values: (_plot, ticks) => ticks.map((tick) => (periods[tick] ? day(tick) : '')) },
            { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] },
            { ...axis, scale: 'share', side: 1, grid: { show: false }, size: 56,
              values: (_plot, ticks) => ticks.map((tick) => `${tick} %`) },
          ],
          series: [
            {},
            { ...bar, fill: colour('--bar-raised') },
            { ...bar, fill: colour('--bar-handled') },
            { scale: 'share', stroke: colour('--coach-ink'), width: 2, spanGaps: true, points: { show: true, size: 6 } },
          ],
        };
      },
    });
    plot.current.data = data;
    return plot.current.enable();
  }, [figures]);
  useEffect(() => {
    if (plot.current) plot.current.data = data;
  }, [data]);
  const period = pointed === null ? null : periods[pointed];
  const [raised, handled] = countsOf(period ?? figures.total, category, figures);
  const tally: Tally = period ?? figures.total;
  return (
    <>
      <ul class="legend">
        <li>{period ? new Date(`${period.start}T00:00`).toLocaleDateString(language, { dateStyle: 'medium' }) : texts.inAll(by)}</li>
        <li class="raised-key">{texts.raised} <b>{raised}</b></li>
        <li class="handled-key">{texts.handled} <b>{handled}</b></li>
        <li class="rate-key">{texts.winRate} <b>{percent(winRate(tally))}</b></li>
        <li>{texts.calls} <b>{tally.calls}</b></li>
      </ul>
      <figure ref={figure} class="plot" role="group" tabIndex={0} aria-label={texts.overTime(by)} />
    </>
  );
}

function countsOf(
  tally: Tally | TeamFigures['periods'][number], category: Category | null, figures: TeamFigures,
): readonly [number, number] {
  if (category === null) return [tally.raised, tally.handled];
  if ('objections' in tally) return tally.objections[category] ?? [0, 0];
  const found = figures.objections.find((objection) => objection.category === category);
  return [found?.raised ?? 0, found?.handled ?? 0];
}
