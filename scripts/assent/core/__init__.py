"""Pure code: types, parsing, rules and rendering. No I/O, no service, no command line."""
