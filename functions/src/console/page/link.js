// The hosted link page: shows whoever was given its address how to link their WhatsApp account, without any token.
import { call } from './api.js';
import { h } from './dom.js';
import { linking } from './linking.js';
import { languages, say } from './text.js';

/** After a failure; otherwise the answer itself waits until there is something new. */
const PAUSE = 3000;

const base = location.pathname.replace(/\/$/, '');
const view = linking({
  connect: () => call('POST', `${base}/connect`, {}),
  pairingCode: (phoneNumber) => call('POST', `${base}/pairing-code`, { phoneNumber }),
});
const title = h('h1', { say: 'page.title' });
const intro = h('p', { class: 'quiet', say: 'page.intro' });
const trouble = h('p', { class: 'notice bad', role: 'status', hidden: true, say: 'page.offline' });
const main = h('main', { class: 'card page' }, title, intro, view.node, trouble);
document.body.append(h('div', { class: 'link-page' }, main, h('footer', {}, languages())));
say(document.querySelector('title'), 'page.title');

let seen = '';
let started = false;
for (;;) {
  try {
    const state = await call('GET', `${base}/state?seen=${encodeURIComponent(seen)}`);
    trouble.hidden = true;
    if (state.version === seen) continue;
    seen = state.version;
    const idle = !state.linked && state.status !== 'connecting';
    if (idle && !started) {
      view.connect();
    } else {
      view.show({ ...state, number: state.numberEndsWith && `…${state.numberEndsWith}` });
      say(intro, state.linked ? 'page.done' : 'page.intro');
    }
    started = true;
  } catch (error) {
    if ([404, 410].includes(error.status)) {
      view.stop();
      say(title, 'page.gone');
      say(intro, 'page.gone.what');
      main.replaceChildren(title, intro);
      break;
    }
    trouble.hidden = false;
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
}
