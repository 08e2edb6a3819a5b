//! The only room that knows the command line, the terminal and the environment.
