'use strict';
// The table of prompts of a run report: sorted, searched, paged, and opened to rollouts and trees. All text goes in as
// text, never as markup. The state is in the address (#prompt=ID&step=N), so a view can be linked.
(() => {
  const data = JSON.parse(document.getElementById('prompts-data').textContent);
  const place = document.getElementById('prompts-table');
  const perPage = 25;
  const columns = [
    { name: 'prompt', value: p => p.id },
    { name: 'text', value: p => p.text },
    { name: 'steps', value: p => p.steps },
    { name: 'rollouts', value: p => p.rollouts },
    { name: 'pass rate', value: p => p.rollouts ? p.correct / p.rollouts : 0 },
    { name: 'mean length', value: p => p.rollouts ? p.tokens / p.rollouts : 0 },
  ];
  const state = { search: '', sort: -1, down: false, page: 0, open: null };

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith('on')) { element.addEventListener(key.slice(2), value); } else { element.setAttribute(key, value); }
    }
    element.append(...children);
    return element;
  };
  const button = (text, press, attributes) => make('button', { type: 'button', onclick: press, ...attributes }, text);
  const percent = share => (100 * share).toFixed(1) + '%';
  const shorten = (text, most) => text.length > most ? text.slice(0, most) + '…' : text;

  const chosen = () => {
    const words = state.search.toLowerCase();
    const found = data.filter(p => !words || p.id.toLowerCase().includes(words) || p.text.toLowerCase().includes(words));
    if (state.sort >= 0) {
      const value = columns[state.sort].value, sign = state.down ? -1 : 1;
      found.sort((a, b) => { const x = value(a), y = value(b); return x < y ? -sign : x > y ? sign : 0; });
    }
    return found;
  };

  const search = make('input', { type: 'search', id: 'search', autocomplete: 'off', oninput: e => { state.search = e.target.value; state.page = 0; draw(); } });
  const count = make('span', { role: 'status', id: 'count' });
  const back = button('Previous', () => { state.page--; draw(); }, { id: 'previous' });
  const next = button('Next', () => { state.page++; draw(); }, { id: 'next' });
  const head = make('tr');
  const body = make('tbody');
  const detail = make('section', { class: 'detail', id: 'detail', 'aria-label': 'Rollouts of the chosen prompt', hidden: '' });
  columns.forEach((column, i) => head.append(make('th', { scope: 'col', class: i < 2 ? 'text' : '' }, button(column.name, () => {
    state.down = state.sort === i ? !state.down : false;
    state.sort = i;
    state.page = 0;
    draw();
  }, { class: 'plain' }))));
  place.append(
    make('div', { class: 'bar' }, make('label', { for: 'search' }, 'Search'), search, back, next, count),
    make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Prompts' },
      make('table', {}, make('caption', {}, 'Prompts; choose one to see its rollouts'), make('thead', {}, head), body)),
    detail);

  const draw = () => {
    const found = chosen();
    const pages = Math.max(1, Math.ceil(found.length / perPage));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const first = state.page * perPage;
    body.replaceChildren(...found.slice(first, first + perPage).map(p => make('tr', {},
      make('th', { scope: 'row' }, button(p.id, () => show(p, null, true), { class: 'plain', 'data-prompt': p.id })),
      make('td', { class: 'text' }, shorten(p.text, 160)),
      make('td', {}, String(p.steps)),
      make('td', {}, String(p.rollouts)),
      make('td', {}, percent(columns[4].value(p))),
      make('td', {}, columns[5].value(p).toFixed(1)))));
    count.textContent = found.length ? `${first + 1}–${Math.min(first + perPage, found.length)} of ${found.length}` : 'no prompt has that in it';
    back.disabled = state.page === 0;
    next.disabled = state.page === pages - 1;
    [...head.children].forEach((th, i) => th.setAttribute('aria-sort', state.sort !== i ? 'none' : state.down ? 'descending' : 'ascending'));
  };

  const show = (prompt, step, focus) => {
    const group = prompt.groups.find(g => g.step === step) || prompt.groups[0];
    const heading = make('h3', { tabindex: '-1' }, `Prompt ${prompt.id}`);
    const steps = make('div', { class: 'bar', role: 'group', 'aria-label': 'Step' }, 'Step', ...prompt.groups.map(g =>
      button(String(g.step), () => show(prompt, g.step, false), { 'aria-pressed': String(g === group) })));
    detail.replaceChildren(heading, make('pre', {}, prompt.text), steps);
    if (group) {
      detail.append(make('h4', {}, `${group.rollouts.length} rollouts in step ${group.step}`), ...group.rollouts.map(rollout));
      if (group.tree) {
        detail.append(make('h4', {}, `The tree of step ${group.step}`), branches(group.tree, -1));
      }
    }
    detail.hidden = false;
    if (focus) { heading.focus(); }
    history.replaceState(null, '', '#' + new URLSearchParams(group ? { prompt: prompt.id, step: group.step } : { prompt: prompt.id }));
  };

  const rollout = r => {
    const facts = [`${r.length} tokens`, r.finish === 'length' ? 'cut at the limit' : null, r.reward === null ? null : `reward ${+r.reward.toFixed(3)}`,
      r.advantage === null ? null : `advantage ${+r.advantage.toFixed(3)}`, r.decision].filter(f => f);
    return make('article', { 'aria-label': `Rollout ${r.index}` },
      make('p', {}, `${r.index} `, make('span', { class: `chip ${r.status}` }, r.status), ' ', make('span', { class: 'faint' }, facts.join(' · '))),
      make('pre', { tabindex: '0', 'aria-label': `Text of rollout ${r.index}` }, r.text));
  };

  // A list of the branches below one, the earliest fork first; without recursion a deep tree cannot exhaust the stack.
  const branches = (tree, root) => {
    const below = new Map();
    tree.forEach((b, i) => { if (!below.has(b.parent)) { below.set(b.parent, []); } below.get(b.parent).push(i); });
    const list = make('ul', { class: 'tree' });
    const open = [[root, list]];
    while (open.length) {
      const [parent, into] = open.pop();
      for (const i of (below.get(parent) || []).sort((a, b) => tree[a].fork - tree[b].fork)) {
        const b = tree[i];
        const from = b.parent < 0 ? '' : `from ${b.parent} at token ${b.fork}${b.probability === null ? '' : `, p ${b.probability.toFixed(2)}`} · `;
        const end = b.removed ? `pruned: ${b.removed}` : b.status;
        const item = make('li', {}, `${i} `, make('span', { class: `chip ${b.removed ? 'faint' : b.status}` }, end), ' ',
          make('span', { class: 'faint' }, `${from}${b.length} tokens${b.kind === 'fill' ? ' · fill' : ''} `), make('code', {}, b.text));
        into.append(item);
        if (below.has(i)) { const inner = make('ul'); item.append(inner); open.push([i, inner]); }
      }
    }
    return list;
  };

  const follow = () => {
    const link = new URLSearchParams(location.hash.slice(1));
    const prompt = data.find(p => p.id === link.get('prompt'));
    if (prompt) { show(prompt, Number(link.get('step')), false); }
  };

  draw();
  follow();
  addEventListener('hashchange', follow);
  document.documentElement.dataset.ready = 'true';
})();
