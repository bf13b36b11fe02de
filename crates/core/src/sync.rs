//! Synchronisation with a relay.
