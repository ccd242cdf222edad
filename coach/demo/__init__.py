"""The demo: three labelled calls that ship with the project, played live for ever."""
