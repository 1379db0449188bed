// A text to try a device with, and what becomes of it.
import { ask } from './api.js';
import { field, form, h } from './dom.js';
import { say } from './text.js';

const TICKS = { pending: '◷', sent: '✓', delivered: '✓✓', read: '✓✓', failed: '✕' };
const ORDER = ['pending', 'sent', 'delivered', 'read'];
/** As many of them are shown. */
const MOST = 5;

export function sending(sessionId) {
  const to = h('input', { type: 'tel', required: true, autocomplete: 'off', placeholder: '+62 812 …' });
  const message = h('textarea', { required: true, rows: '2', maxlength: '4096' });
  const sent = h('ul', { class: 'sent' });
  const shown = new Map();
  // Ticks may come before the answer that names the message.
  const early = new Map();

  function tick(id, status) {
    const line = shown.get(id);
    if (!line) return early.set(id, status);
    // A later word may be older.
    if (ORDER.indexOf(status) < ORDER.indexOf(line.status) && status !== 'failed') return undefined;
    line.status = status;
    line.mark.className = `tick ${status}`;
    line.mark.firstChild.textContent = TICKS[status] ?? '';
    say(line.mark.lastChild, `message.${status}`);
    return undefined;
  }

  const writing = form(
    { class: 'stack' },
    [field('send.to', to, 'send.to.hint'), field('send.text', message), h('button', { class: 'primary', type: 'submit', say: 'send' })],
    async () => {
      const text = message.value;
      const answer = await ask('POST', '/send', { sessionId: sessionId(), recipient: to.value.trim(), message: text });
      const mark = h('span', { class: 'tick' }, h('span', { 'aria-hidden': 'true' }), h('span', {}));
      const item = h('li', {}, h('span', { class: 'text' }, text), h('small', {}, to.value.trim()), mark);
      shown.set(answer.messageId, { mark, item, status: 'pending' });
      sent.prepend(item);
      tick(answer.messageId, answer.status);
      if (early.has(answer.messageId)) tick(answer.messageId, early.get(answer.messageId));
      early.clear();
      for (const [id, line] of [...shown].slice(0, -MOST)) {
        line.item.remove();
        shown.delete(id);
      }
      message.value = '';
    },
  );
  const live = h('div', { 'aria-live': 'polite' }, sent);
  return {
    node: h('section', { class: 'card', 'aria-labelledby': 'send' }, h('h3', { id: 'send', say: 'send.title' }), writing, live),
    hear({ type, data }) {
      if (type === 'message_status') tick(data.messageId, data.status);
    },
  };
}
