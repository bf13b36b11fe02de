//! Devices, relays and windows for end-to-end tests.
