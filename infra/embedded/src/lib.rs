//! SQLite, a media folder and in-process push: the adapters of one machine.
