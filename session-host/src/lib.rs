//! The only place that knows WhatsApp: sessions, commands, events, webhook delivery.
