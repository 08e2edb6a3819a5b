//! Drafts to contacts: every cell checked, every error of a row found, rows kept in order.
