/**
 * The page's script: columns that sort, and what a cell of the heat map says. Everything else works without it. It is
 * text, not a function of ours, because what a compiler makes of a function would change the page and its hash.
 */
export const SCRIPT = `
'use strict';
document.documentElement.classList.add('script');

for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const heads = [...table.querySelectorAll('th[data-column]')];
  for (const head of heads) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const opposite = { ascending: 'descending', descending: 'ascending' };
      const order = opposite[head.getAttribute('aria-sort')] || head.dataset.first;
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', order);
      sort(body, Number(head.dataset.column), order === 'ascending' ? 1 : -1);
    });
  }
}

function sort(body, column, sign) {
  const keyed = [...body.rows].map((row) => {
    const text = row.cells[column].textContent;
    const number = text.startsWith('<') ? 0.05 : parseFloat(text);
    return { row, text, number, missing: text === '-' };
  });
  const names = column === 1;
  const order = (a, b) => names ? a.text.localeCompare(b.text) : a.number - b.number;
  keyed.sort((a, b) => a.missing - b.missing || sign * order(a, b) || 0);
  body.append(...keyed.map(({ row }) => row));
}

const map = document.querySelector('.map');
if (map) {
  const { names, cells } = JSON.parse(document.getElementById('counts').textContent);
  const size = names.length;
  const counts = new Map();
  const totals = new Float64Array(size);
  for (let i = 0, cell = 0; i < cells.length; i += 2) {
    cell += cells[i];
    counts.set(cell, cells[i + 1]);
    totals[Math.floor(cell / size)] += cells[i + 1];
  }
  const figure = map.parentElement;
  const picture = map.querySelector('image');
  const cross = map.querySelector('.cross');
  const [across, down] = cross.children;
  const tip = figure.querySelector('.tip');
  let place;

  const sentence = (row, column) => {
    const count = counts.get(row * size + column) || 0;
    if (totals[row] === 0) return 'label ' + names[row] + ': no labelled pixels';
    const percent = 100 * count / totals[row];
    const share = count === 0 ? '0' : percent < 0.05 ? '< 0.1' : percent.toFixed(1);
    const pixels = count.toLocaleString('en-GB') + (count === 1 ? ' pixel' : ' pixels');
    return 'label ' + names[row] + ' predicted as ' + names[column] + ': ' + share + '\\u00a0% (' + pixels + ')';
  };
  const hide = () => {
    place = undefined;
    tip.textContent = '';
    cross.style.visibility = '';
  };
  const show = (row, column) => {
    place = { row, column };
    tip.textContent = sentence(row, column);
    // Measured at the left edge: further right it would wrap.
    tip.style.left = '0';
    const cell = picture.height.baseVal.value / size;
    across.setAttribute('y', picture.y.baseVal.value + row * cell);
    down.setAttribute('x', picture.x.baseVal.value + column * cell);
    cross.style.visibility = 'visible';
    const [frame, box] = [figure.getBoundingClientRect(), picture.getBoundingClientRect()];
    const drawn = box.height / size;
    const [x, y] = [box.left - frame.left + (column + 0.5) * drawn, box.top - frame.top + row * drawn];
    const top = y - tip.offsetHeight - 8;
    tip.style.left = Math.max(0, Math.min(x - tip.offsetWidth / 2, frame.width - tip.offsetWidth)) + 'px';
    tip.style.top = (frame.top + top < 0 ? y + drawn + 8 : top) + 'px';
  };
  const follow = ({ clientX, clientY }) => {
    const box = picture.getBoundingClientRect();
    const row = Math.floor((clientY - box.top) / box.height * size);
    const column = Math.floor((clientX - box.left) / box.width * size);
    if (row >= 0 && column >= 0 && row < size && column < size) show(row, column);
    else hide();
  };
  map.addEventListener('pointermove', follow);
  map.addEventListener('pointerdown', follow);
  map.addEventListener('pointerleave', ({ pointerType }) => pointerType === 'mouse' && hide());
  map.addEventListener('blur', hide);
  map.addEventListener('scroll', () => place && show(place.row, place.column));

  map.setAttribute('role', 'application');
  map.setAttribute('aria-roledescription', 'matrix');
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  map.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
    const move = moves[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const within = (value) => Math.max(0, Math.min(size - 1, value));
    if (place) show(within(place.row + move[0]), within(place.column + move[1]));
    else show(0, 0);
    const [frame, box] = [map.getBoundingClientRect(), down.getBoundingClientRect()];
    map.scrollLeft += Math.min(0, box.left - frame.left) + Math.max(0, box.right - frame.right);
    tip.scrollIntoView({ block: 'nearest' });
  });
}
`;
