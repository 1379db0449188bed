//! Every endpoint: URL = module.
