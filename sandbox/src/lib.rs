//! A WhatsApp that lives on this machine: server and simulated phones.
