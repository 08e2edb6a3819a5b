//! The stages joined: import, export, copy, resume, retry, undo.
