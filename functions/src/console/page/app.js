// The console: signs in, keeps the devices and events that the views show, and puts the views together.
import { currentToken, onExpelled, signIn, signOut, signedIn } from './api.js';
import { deviceList } from './devices.js';
import { devicePanel } from './device.js';
import { field, form, h } from './dom.js';
import { listen } from './events.js';
import { eventLog } from './log.js';
import { languages, say } from './text.js';

const language = languages();
document.body.append(h('div', { id: 'app' }));

onExpelled((error) => {
  signOut();
  start(error);
});
start();

function start(error) {
  if (signedIn()) workplace();
  else entrance(error);
}

/** Where one signs in. */
function entrance(error) {
  const token = h('input', { type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const entering = form(
    { class: 'stack' },
    [field('signin.token', token, 'signin.hint'), h('button', { class: 'primary', type: 'submit', say: 'signin' })],
    async () => {
      await signIn(token.value.trim());
      start();
    },
  );
  const told = error && h('div', { class: 'notice bad', role: 'alert' }, h('p', {}, error.message));
  place(
    h(
      'main',
      { class: 'entrance' },
      h('div', { class: 'card' }, brand('h1'), h('p', { class: 'quiet', say: 'signin.about' }), told, entering),
    ),
    h('footer', {}, language, docs()),
  );
  delete document.body.dataset.view;
  token.focus();
}

/** Everything else. */
function workplace() {
  const live = h('span', { class: 'live', role: 'status', say: 'live.connecting' });
  const leave = h('button', { type: 'button', class: 'plain', say: 'signout' });
  const list = deviceList();
  const log = eventLog(list);
  const side = h('aside', {}, list.node);
  const main = h('main', {});
  let panel;

  function route() {
    const id = decodeURIComponent(location.hash.match(/^#\/devices\/(.+)$/)?.[1] ?? '');
    panel?.close();
    panel = id ? devicePanel(id, list) : undefined;
    list.select(id);
    log.filter(id);
    document.body.dataset.view = id ? 'device' : 'list';
    main.replaceChildren(...[panel?.node, log.node].filter(Boolean));
    if (panel) panel.focus();
  }

  const socket = listen(currentToken(), {
    onState(connected) {
      say(live, connected ? 'live.on' : 'live.off');
      live.classList.toggle('on', connected);
      // What happened in between, as far as the events do not tell.
      list.refresh();
    },
    onEvent(event) {
      list.hear(event);
      panel?.hear(event);
      log.hear(event);
    },
  });
  const leaving = () => {
    socket.close();
    panel?.close();
    removeEventListener('hashchange', route);
  };
  leave.addEventListener('click', () => {
    leaving();
    signOut();
    history.replaceState(null, '', location.pathname);
    start();
  });
  onExpelled((error) => {
    leaving();
    signOut();
    start(error);
  });
  addEventListener('hashchange', route);
  place(
    h('a', { class: 'skip', href: '#main', say: 'skip', onclick: (event) => skip(event, main) }),
    h('header', {}, brand('h1'), live, h('nav', { 'say-aria-label': 'nav' }, docs(), language, leave)),
    h('div', { class: 'columns' }, side, main),
  );
  route();
}

function place(...content) {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  document.getElementById('app').replaceChildren(...content);
  say(document.querySelector('title'), 'title');
}

function skip(event, main) {
  event.preventDefault();
  main.tabIndex = -1;
  main.focus();
}

function brand(tag) {
  return h(tag, { class: 'brand' }, h('img', { src: '/console/icon.svg', alt: '', width: '28', height: '28' }), 'warta');
}

function docs() {
  return h('a', { href: '/docs', say: 'docs' });
}
