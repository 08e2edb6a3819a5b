//! The one asynchronous room: drives lanes of calls, and settles what is in doubt.
