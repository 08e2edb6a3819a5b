//! Wanted contact and what is known of it, to the fewest calls. Pure.
